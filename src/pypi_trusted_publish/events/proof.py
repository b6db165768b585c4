"""What the run proved before the first byte: the job, its environment, the files, the plan."""

from __future__ import annotations

from dataclasses import dataclass

from .base import Event


@dataclass(frozen=True, kw_only=True)
class Proved(Event):
    """The identity token's claims satisfied the policy."""

    claims: tuple[tuple[str, str], ...]
    """The claims that matter to the index, name and value, in a stable order."""
    environment: str


@dataclass(frozen=True, kw_only=True)
class ProtectionRead(Event):
    """What GitHub says of the environment's protection, or that it could not be read."""

    environment: str
    protected: bool | None
    """None when it is not known."""
    rules: tuple[tuple[str, str], ...] = ()
    """What protects it, name and value, such as ``("required reviewers", "2, not oneself")``."""
    approved_by: tuple[str, ...] = ()
    """Who approved this run, where that can be read."""
    settings_url: str = ""
    """The settings page of the environment."""
    why_unknown: str = ""
    """A phrase of ours when ``protected`` is None."""


@dataclass(frozen=True, kw_only=True)
class ProjectSeen(Event):
    """The index was asked for a project."""

    project: str
    state: str
    """A value of :class:`~pypi_trusted_publish.index.project_page.PageState`."""
    files: int
    """How many it lists."""
    status: str = "active"


@dataclass(frozen=True, kw_only=True)
class Checked(Event):
    """A distribution was read and judged."""

    filename: str
    project: str
    version: str
    kind: str
    tags: tuple[str, ...]
    size: int
    sha256: str
    blake2b_256: str
    metadata: tuple[tuple[str, str], ...]
    """Core metadata without the description."""
    findings: int
    """How many there are, of any severity; each is told by an event of its own."""


@dataclass(frozen=True, kw_only=True)
class Planned(Event):
    """What will happen to one file."""

    filename: str
    project: str
    version: str
    size: int
    sha256: str
    decision: str
    """A value of :class:`~pypi_trusted_publish.release.plan.Decision`."""
    release_url: str = ""
    """The index's page for people of this version, where the index has such pages."""


@dataclass(frozen=True, kw_only=True)
class DryRunProof(Event):
    """One thing that a dry run found out, and no more than that."""

    statement: str
    """Such as ``a publisher on the index matches this job``."""
    proved: bool
    """False: it was not, or could not be, proved; ``why_not`` says why."""
    why_not: str = ""


@dataclass(frozen=True, kw_only=True)
class Attested(Event):
    """A distribution has an attestation that was verified and will be sent with it."""

    filename: str
    kind: str
    """The predicate type in short: ``publish`` or ``provenance``."""
    made: bool
    """True when this run signed it; False when it lay beside the file."""
    path: str = ""
    """Where the attestation lies; empty when it could not be kept."""
    log_index: int | None = None
    """In the transparency log."""
    identity: str = ""
    """Whom the certificate names."""
