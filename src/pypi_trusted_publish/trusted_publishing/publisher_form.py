"""The form in which a publisher is registered on the index, and the facts of an index that explanations need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .identity_token import UnverifiedClaims

_SHOWN_PAGES = 5


@dataclass(frozen=True, kw_only=True)
class IndexFacts:
    """What an explanation must know of the index; handed in, because host names live in one place only."""

    name: str
    """As people call it: ``PyPI``, ``TestPyPI``, or the host name."""
    expected_audience: str | None = None
    """The constant of PyPI and TestPyPI; None for any other index."""
    project_publishing_page: str = ""
    """URL of a project's publishing settings with ``{project}`` where the name goes; empty when unknown."""
    pending_publishing_page: str = ""
    """URL of the page on which pending publishers are registered; empty when unknown."""

    def pages(self, projects: Sequence[str], unknown: Sequence[str]) -> tuple[str, ...]:
        """The pages to open: the settings of each known project, that of pending publishers when some are unknown."""
        known = [name for name in projects if name not in unknown]
        pages = [self.project_publishing_page.replace("{project}", name) for name in known[:_SHOWN_PAGES]]
        if unknown or not projects:
            pages.append(self.pending_publishing_page)
        return tuple(page for page in pages if page)


@dataclass(frozen=True, kw_only=True)
class PublisherForm:
    """The fields of the form for GitHub, filled. Labels as on PyPI, August 2026."""

    owner: str
    repository: str
    """Name without the owner."""
    workflow: str
    """File name alone, such as ``release.yml``."""
    environment: str | None

    @classmethod
    def of(cls, claims: UnverifiedClaims) -> PublisherForm:
        """Fill the form so that it matches the job that these claims are from."""
        return cls(
            owner=claims.repository_owner or claims.repository.partition("/")[0],
            repository=claims.repository_name,
            workflow=claims.job_workflow.filename,
            environment=claims.environment,
        )

    def fields(self) -> tuple[tuple[str, str], ...]:
        """Label and value of each field."""
        return (
            ("Owner", self.owner or "(unknown)"),
            ("Repository name", self.repository or "(unknown)"),
            ("Workflow name", self.workflow or "(unknown)"),
            ("Environment name", self.environment or "(leave empty)"),
        )

    def lines(self) -> str:
        """The form as aligned lines to type from."""
        return "\n".join(f"{label + ':':<18}{value}" for label, value in self.fields())
