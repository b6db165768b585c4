"""Install what a rehearsal has published, as a user would: by pip, from the index, into a throw-away folder."""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.tags import sys_tags
from packaging.utils import parse_wheel_filename

from ..installation.pip_child import find_pip, start_pip
from ..installation.pip_settings import pip_environment

if TYPE_CHECKING:
    from ..rehearsal.projects import PublishedFile
    from ..rehearsal.sandbox import Sandbox

_OPTIONS: Final = ("--no-deps", "--only-binary", ":all:", "--no-input", "--no-cache-dir", "--no-compile", "--quiet")
_FILE_TYPES: Final = "application/vnd.pypi.simple.v1+json"


class NotInstallableError(Exception):
    """What is on the index cannot be installed, or has other bytes than were sent; ``str()`` says what and why."""


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Someone who installs from the index."""

    simple_url: str
    environ: Mapping[str, str]
    folder: Path
    """Thrown away afterwards."""

    def install(self, requirement: str) -> str:
        """Install by pip, from wheels alone; returns the name of the installed ``.dist-info`` folder."""
        pip = find_pip()
        if pip is None:
            raise NotInstallableError("this Python has no pip")
        target = self.folder / "installed"
        child = pip_environment(
            self.environ,
            private=str(self.folder),
            started_in=str(self.folder),
            platform=sys.platform,
            prefix=sys.prefix,
        )
        for setting in ("PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
            child.pop(setting, None)
        child["PIP_INDEX_URL"] = self.simple_url
        arguments = ["install", *_OPTIONS, "--target", str(target), requirement]
        with start_pip(pip, arguments, environment=child, folder=str(self.folder)) as process:
            said, _ = process.communicate()
        if process.returncode != 0:
            raise NotInstallableError(f"pip could not install {requirement}:\n{said}")
        return next(target.glob("*.dist-info")).name

    def download(self, file: PublishedFile) -> str:
        """Download a file as the index's page offers it, and compare; returns its SHA-256."""
        page = json.loads(self._read(f"{self.simple_url}{file.project}/", accept=_FILE_TYPES))
        url = next(entry["url"] for entry in page["files"] if entry["filename"] == file.filename)
        digest = hashlib.sha256(self._read(url)).hexdigest()
        if digest != file.sha256:
            raise NotInstallableError(f"the index serves other bytes as {file.filename} than were sent")
        return digest

    def _read(self, url: str, accept: str = "*/*") -> bytes:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # loopback is never asked through a proxy
        request = urllib.request.Request(url, headers={"Accept": accept})  # noqa: S310 - the embedded index's own URL
        with direct.open(request, timeout=60) as answer:
            content: bytes = answer.read()
        return content


def install_from(stage: Sandbox, environ: Mapping[str, str]) -> Iterator[str]:
    """Install every release that has a wheel for this Python, download one file of each other; lines to print.

    Raises:
        NotInstallableError: what was published cannot be used.

    """
    releases: dict[str, list[PublishedFile]] = {}
    for file in stage.published():
        releases.setdefault(f"{file.project}=={file.version}", []).append(file)
    for requirement, files in releases.items():
        with tempfile.TemporaryDirectory(prefix="installed-", ignore_cleanup_errors=True) as folder:
            customer = Customer(simple_url=stage.index.simple_url, environ=environ, folder=Path(folder))
            if _fits_this_python(files):
                yield f"pip installed {requirement} from the index: {customer.install(requirement)}"
            else:
                digest = customer.download(files[0])
                yield f"{requirement} has no wheel for this Python; downloaded {files[0].filename}, sha256={digest}"


def _fits_this_python(files: Sequence[PublishedFile]) -> bool:
    fitting = set(sys_tags())
    return any(
        file.filename.endswith(".whl") and not fitting.isdisjoint(parse_wheel_filename(file.filename)[3])
        for file in files
    )
