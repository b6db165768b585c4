"""The fault table: everything that a rehearsal can let go wrong, by name.

``NAME`` strikes the first request to its endpoint, ``NAME:k`` the k-th, ``NAME:k-`` every one from the k-th on,
``NAME:every`` all of them (:func:`~.fault_schedule.parse`). A fault that is a state of the index needs no turn.
"""

from __future__ import annotations

from typing import Final

from .fault import Fault
from .faults_exchange import AUDIENCE_FAULTS, BURN_FAULTS, MINT_FAULTS
from .faults_identity import IDENTITY_FAULTS
from .faults_pages import PAGE_FAULTS, PROTECTION_FAULTS, STATE_FAULTS
from .faults_upload import UPLOAD_FAULTS

FAULTS: Final[dict[str, Fault]] = {
    fault.name: fault
    for family in (
        IDENTITY_FAULTS,
        AUDIENCE_FAULTS,
        MINT_FAULTS,
        UPLOAD_FAULTS,
        PAGE_FAULTS,
        STATE_FAULTS,
        BURN_FAULTS,
        PROTECTION_FAULTS,
    )
    for fault in family
}
