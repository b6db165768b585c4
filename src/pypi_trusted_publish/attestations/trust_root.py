"""The client trust configuration of Sigstore: which keys are trusted, and where the services are.

Sigstore's public instance publishes it through The Update Framework. Every run reads it again and verifies it against
the root that the library ships; nothing from an earlier run is trusted.
Source: github.com/sigstore/root-signing and sigstore-python 4.5, October 2026.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sigstore._utils import read_embedded
from sigstore.models import ClientTrustConfig
from tuf.api.exceptions import DownloadError, RepositoryError
from tuf.ngclient.updater import Updater

from ..core.retry import RequestKind, RetryReason
from ..values import dataclass
from .services import GARBAGE
from .wire import Fetcher, Service, ServiceFault

if TYPE_CHECKING:
    from pathlib import Path

    from ..io.http.session import Session
    from ..io.retrying import Retrier
    from .wire import Timeouts

_TARGETS: Final = {"trustedRoot": "trusted_root.json", "signingConfig": "signing_config.v0.2.json"}
"""Each part of the configuration and the file of the repository that holds it."""
_MEDIA_TYPE: Final = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json"


@dataclass(frozen=True, kw_only=True)
class TrustRepository:
    """A repository of The Update Framework."""

    url: str
    """Without a trailing slash."""
    root: bytes
    """The root metadata that is trusted from the start, as JSON."""


def public_good() -> TrustRepository:
    """The repository of Sigstore's public instance, with the root that ``sigstore`` ships."""
    url = "https://tuf-repo-cdn.sigstore.dev"
    return TrustRepository(url=url, root=read_embedded("root.json", url))


def given(text: str) -> ClientTrustConfig:
    """Read a client trust configuration from JSON. Raises ServiceFault when the text is not one."""
    try:
        return ClientTrustConfig.from_json(text)
    except GARBAGE:
        problem = "has no client trust configuration that this version knows"
        raise ServiceFault(Service.TRUST, problem) from None


def fetched(
    repository: TrustRepository, *, session: Session, folder: Path, retrier: Retrier, timeouts: Timeouts
) -> ClientTrustConfig:
    """Read the configuration from a repository; its metadata and files are stored in ``folder``.

    Raises ServiceFault when the repository cannot be read or stored, or when its signatures do not verify.
    """
    return retrier.repeat(
        RequestKind.TRUST_DATA, "read the trust data", lambda: _fetch(repository, session, folder, timeouts)
    )


def _fetch(repository: TrustRepository, session: Session, folder: Path, timeouts: Timeouts) -> ClientTrustConfig:
    place = folder / quote(repository.url, safe="")
    metadata, targets = place / "metadata", place / "targets"
    metadata.mkdir(parents=True, exist_ok=True)
    targets.mkdir(exist_ok=True)
    fetcher = Fetcher(session, read_timeout=timeouts.service)
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
    except OSError:  # the library writes files and a link to one of them, which not every file system supports
        problem = "answered with data that cannot be stored on this machine"
        raise ServiceFault(Service.TRUST, problem) from None
    return given(json.dumps({"mediaType": _MEDIA_TYPE, **parts}))


def _target(updater: Updater, name: str) -> bytes:
    info = updater.get_targetinfo(name)
    if info is None:
        raise ServiceFault(Service.TRUST, f"has no {name}")
    path = updater.find_cached_target(info) or updater.download_target(info)
    with open(path, "rb") as file:  # noqa: PTH123 - a path that the library made
        return file.read()


def _unverified() -> ServiceFault:
    return ServiceFault(Service.TRUST, "answered with data that cannot be verified", reason=RetryReason.UNUSABLE)
