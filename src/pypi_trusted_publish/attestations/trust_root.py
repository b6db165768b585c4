"""Whom we trust, and where the services are: a client trust configuration of Sigstore.

Sigstore's public instance publishes both through The Update Framework. They are read anew for each run and checked
against the root that the library ships; nothing that was read before is trusted without asking.
Source: github.com/sigstore/root-signing and sigstore-python 4.5, October 2026.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sigstore._utils import read_embedded
from sigstore.models import ClientTrustConfig
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient.updater import Updater

from .services import GARBAGE
from .wire import Fetcher, Service, ServiceFault

if TYPE_CHECKING:
    from pathlib import Path

    from ..io.http.session import Session
    from .retrying import RetryingCaller

_TARGETS: Final = {"trustedRoot": "trusted_root.json", "signingConfig": "signing_config.v0.2.json"}
"""Part of the configuration, and the repository's file that holds it."""
_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


@dataclass(frozen=True, kw_only=True)
class TrustRepository:
    """A repository of The Update Framework."""

    url: str
    """Without a slash at its end."""
    root: bytes
    """The root metadata that is trusted from the start, as JSON."""


def public_good() -> TrustRepository:
    """The repository of Sigstore's public instance, with the root that ``sigstore`` ships."""
    url = "https://tuf-repo-cdn.sigstore.dev"
    return TrustRepository(url=url, root=read_embedded("root.json", url))


def given(text: str) -> ClientTrustConfig:
    """Read a client trust configuration from JSON. Raises ServiceFault when it is none."""
    try:
        return ClientTrustConfig.from_json(text)
    except GARBAGE:
        problem = "holds no client trust configuration that this version knows"
        raise ServiceFault(Service.TRUST, problem, again=False) from None


def fetched(
    repository: TrustRepository, *, session: Session, folder: Path, persistence: RetryingCaller
) -> ClientTrustConfig:
    """Read the configuration from a repository; its metadata and files are kept in ``folder``.

    Raises ServiceFault when the repository cannot be read or kept, or when its signatures do not verify.
    """
    return persistence.of("read the trust data", lambda: _fetch(repository, session, folder, persistence))


def _fetch(
    repository: TrustRepository, session: Session, folder: Path, persistence: RetryingCaller
) -> ClientTrustConfig:
    place = folder / quote(repository.url, safe="")
    metadata, targets = place / "metadata", place / "targets"
    metadata.mkdir(parents=True, exist_ok=True)
    targets.mkdir(exist_ok=True)
    fetcher = Fetcher(session, read_timeout=persistence.patience.read_timeout)
    try:
        updater = Updater(
            metadata_dir=str(metadata),
            metadata_base_url=repository.url,
            target_base_url=f"{repository.url}/targets/",
            target_dir=str(targets),
            fetcher=fetcher,
            bootstrap=repository.root,
        )
        updater.refresh()
        parts = {part: json.loads(_target(updater, name)) for part, name in _TARGETS.items()}
    except DownloadError:
        raise fetcher.fault or _unverified() from None
    except (RepositoryError, ValueError):
        raise _unverified() from None
    except OSError:  # the library keeps files, and a link to one of them, which not every file system can
        problem = "answered with data that cannot be kept on this machine"
        raise ServiceFault(Service.TRUST, problem, again=False) from None
    return given(json.dumps({"mediaType": _MEDIA_TYPE, **parts}))


def _target(updater: Updater, name: str) -> bytes:
    info = updater.get_targetinfo(name)
    if info is None:
        raise ServiceFault(Service.TRUST, f"has no {name}", again=False)
    path = updater.find_cached_target(info) or updater.download_target(info)
    with open(path, "rb") as file:  # noqa: PTH123 - a path that the library made
        return file.read()


def _unverified() -> ServiceFault:
    return ServiceFault(Service.TRUST, "answered with data that cannot be verified", again=True)
