"""The vocabulary of a run: frozen events, told as they happen.

The transcript, the summary and the report are drawn from them, and from nothing else.

An event holds facts, never layout and never a secret. Texts may be foreign (from a file or a server): whoever prints
them cleans them. Every event may come from any thread.
"""

from __future__ import annotations

from .base import Emit, Event
from .network import Answered, Failed, LaneNarrowed, Retrying
from .proof import Attested, Checked, DryRunProof, Planned, ProjectSeen, ProtectionRead, Proved
from .run import Fact, RunEnded, RunStarted, StepStarted, Stopping, Told
from .upload import (
    Confirmed,
    CoverageRead,
    Minted,
    NotUploaded,
    Revoked,
    Uploaded,
    UploadProgress,
    UploadStarted,
    Waiting,
)

__all__ = [
    "Answered",
    "Attested",
    "Checked",
    "Confirmed",
    "CoverageRead",
    "DryRunProof",
    "Emit",
    "Event",
    "Fact",
    "Failed",
    "LaneNarrowed",
    "Minted",
    "NotUploaded",
    "Planned",
    "ProjectSeen",
    "ProtectionRead",
    "Proved",
    "Retrying",
    "Revoked",
    "RunEnded",
    "RunStarted",
    "StepStarted",
    "Stopping",
    "Told",
    "UploadProgress",
    "UploadStarted",
    "Uploaded",
    "Waiting",
]
