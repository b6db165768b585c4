"""The fault table: everything that can go wrong in a rehearsal, by name.

``NAME`` applies to the first request to its endpoint, ``NAME:k`` the k-th, ``NAME:k-`` every one from the k-th on,
``NAME:every`` all of them (:func:`~.schedule.parse_fault`). A fault with a setup needs no position.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from .job import IDENTITY_FAULTS, JOB_FAULTS
from .model import Fault
from .oidc import AUDIENCE_FAULTS, MINT_FAULTS, REVOKE_FAULTS
from .project import PAGE_FAULTS, PROTECTION_FAULTS, STATE_FAULTS
from .upload import UPLOAD_FAULTS

FAMILIES: Final[tuple[tuple[Fault, ...], ...]] = (
    JOB_FAULTS,
    IDENTITY_FAULTS,
    AUDIENCE_FAULTS,
    MINT_FAULTS,
    UPLOAD_FAULTS,
    STATE_FAULTS,
    PAGE_FAULTS,
    REVOKE_FAULTS,
    PROTECTION_FAULTS,
)
FAULTS: Final[dict[str, Fault]] = {fault.name: fault for family in FAMILIES for fault in family}

TITLES: Final[dict[str, str]] = {
    "job": "The job and its publisher",
    "identity": "GitHub's identity endpoint",
    "audience": "The audience",
    "mint": "The mint",
    "upload": "The uploads",
    "index": "The state of the index",
    "page": "The project's page",
    "revoke": "The revocation",
    "protection": "GitHub's REST API",
}
"""A heading for each endpoint."""


def listed() -> Iterator[tuple[str, tuple[Fault, ...]]]:
    """Each heading with its faults."""
    for endpoint, title in TITLES.items():
        yield title, tuple(fault for fault in FAULTS.values() if fault.endpoint.value == endpoint)
