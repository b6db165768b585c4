"""A sandbox: the embedded index, GitHub's side of it, and the environment of one run of the action against them.

::

    with Sandbox(tmp_path) as sandbox:
        code = publish_with(sandbox.environ)
        assert [file.filename for file in sandbox.published()] == [...]
        assert not sandbox.live_tokens()
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, final

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from .faults.model import Scenario
from .faults.schedule import FaultSchedule, RandomFaults, ScheduledFault, parse_fault
from .faults.table import FAULTS
from .github import job_claims
from .index import EmbeddedIndex
from .projects import SIZE_LIMIT, PublishedFile
from .publishers import Publisher
from .runner import runner_variables
from .samples import build_release
from .tokens import IssuedToken
from .traffic import Latency, LoggedRequest

DEFAULT_ENVIRONMENT: Final = "release"


@final
class Sandbox:
    """Everything that one run needs, in ``folder``.

    ``distributions``: paths to release (they are found where they are, by ``INPUT_PACKAGES_DIR``); None builds a wheel
    and an sdist of a sample in ``workspace/dist``. ``projects``: names that the publisher covers and that exist; None:
    those of the distributions. ``pending``: a name for which only a pending publisher is registered. ``environment``:
    that of the job's claims and of the publisher (``publisher_environment`` makes them differ); empty: none.
    ``claims``: replaces single claims of the job (None removes one). ``inputs``: of the action, by name, such as
    ``{"skip-existing": "true"}``. ``faults``: texts such as ``"upload-503:2"``, or
    :func:`~.faults.schedule.respond_with`. ``random_faults``: seed and
    probability. ``trust``: a client trust configuration of Sigstore (JSON) by which the index verifies attestations.
    ``size_limit``: bytes of one file that existing projects may have.
    """

    def __init__(
        self,
        folder: Path,
        *,
        distributions: Iterable[Path] | None = None,
        projects: Iterable[str] | None = None,
        pending: str = "",
        environment: str = DEFAULT_ENVIRONMENT,
        publisher_environment: str | None = None,
        event_name: str = "push",
        claims: Mapping[str, Any] | None = None,
        inputs: Mapping[str, str] | None = None,
        faults: Iterable[str | ScheduledFault] = (),
        random_faults: tuple[int, float] | None = None,
        tls: bool = False,
        port: int = 0,
        latency: Latency | None = None,
        audience: str = "rehearsal",
        trust: str | None = None,
        size_limit: int = SIZE_LIMIT,
    ) -> None:
        self.folder = folder
        self.distributions = tuple(distributions) if distributions is not None else None
        self.inputs = dict(inputs or {})
        self.claims = _replace(job_claims(environment=environment, event_name=event_name), claims or {})
        self._projects = tuple(projects) if projects is not None else None
        self._pending = pending
        self._size_limit = size_limit
        self._publisher_environment = environment if publisher_environment is None else publisher_environment
        scheduled = [parse_fault(each, FAULTS) if isinstance(each, str) else each for each in faults]
        drawn = (
            RandomFaults(seed=random_faults[0], probability=random_faults[1], table=FAULTS.values())
            if random_faults
            else None
        )
        self.index = EmbeddedIndex(
            claims=self.claims,
            audience=audience,
            tls=tls,
            port=port,
            latency=latency,
            faults=FaultSchedule(scheduled, random_faults=drawn),
            trust=trust,
        )
        self.environ: dict[str, str] = {}
        """The variables of the run, complete once the sandbox is entered; ``PATH`` is not among them."""

    @property
    def workspace(self) -> Path:
        """``GITHUB_WORKSPACE``."""
        return self.folder / "workspace"

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """Every request so far."""
        return self.index.requests

    @property
    def outputs(self) -> str:
        """The contents of ``GITHUB_OUTPUT``."""
        return (self.folder / "output").read_text(encoding="utf-8")

    @property
    def summary(self) -> str:
        """The contents of ``GITHUB_STEP_SUMMARY``."""
        return (self.folder / "summary").read_text(encoding="utf-8")

    def published(self) -> tuple[PublishedFile, ...]:
        """Every file of the index."""
        return self.index.published()

    def live_tokens(self) -> tuple[IssuedToken, ...]:
        """Upload tokens that are neither revoked nor expired."""
        return self.index.live_tokens()

    def clear_faults(self) -> None:
        """Drop all faults, except changed states, and accept connections."""
        self.index.call(self.index.faults.clear)
        self.index.listen()

    @contextlib.contextmanager
    def before_the_faults(self) -> Iterator[None]:
        """Inside, no fault is applied or counted; outputs and summary are empty again afterwards."""
        self.index.faults.paused = True
        try:
            yield
        finally:
            self.index.faults.paused = False
            for name in ("output", "summary"):
                (self.folder / name).write_text("", encoding="utf-8")

    def publisher(self) -> Publisher:
        """A publisher that matches the job's claims."""
        file = str(self.claims["job_workflow_ref"]).split("@", maxsplit=1)[0]
        return Publisher(
            repository=str(self.claims["repository"]),
            owner_id=str(self.claims["repository_owner_id"]),
            workflow=file.rsplit("/", maxsplit=1)[-1],
            environment=self._publisher_environment,
        )

    def __enter__(self) -> Sandbox:
        self._create_files()
        if self.distributions is None:
            self.distributions = build_release(self.workspace / "dist")
        filenames = tuple(path.name for path in self.distributions)
        release_of = _release_of(filenames)
        names = self._projects
        if names is None:
            names = tuple(dict.fromkeys(name for name, _ in release_of.values() if name != self._pending))
        if names:
            self.index.add_publisher(self.publisher(), names)
        for project in self.index.store.projects.values():
            project.size_limit = self._size_limit
        if self._pending:
            self.index.add_pending_publisher(self.publisher(), self._pending)
        scenario = Scenario(index=self.index, filenames=filenames, release_of=release_of, event=self._event())
        self.index.faults.set_up(scenario)
        (self.folder / "event.json").write_text(json.dumps(scenario.event), encoding="utf-8")
        self.index.__enter__()
        self.environ = runner_variables(
            folder=self.folder, claims=scenario.claims, index=self.index, inputs=self._all_inputs(self.distributions)
        )
        return self

    def __exit__(self, *_: object) -> None:
        self.index.__exit__()
        if self.index.traffic.crashes:
            raise RuntimeError("the embedded index crashed") from self.index.traffic.crashes[0]

    def _create_files(self) -> None:
        for name in ("workspace", "temp", "tools"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name in ("output", "summary", "env", "path", "state"):
            (self.folder / name).touch()

    def _event(self) -> dict[str, Any]:
        """The payload of a push."""
        return {
            "ref": self.claims.get("ref"),
            "repository": {"full_name": self.claims["repository"], "fork": False, "private": False},
            "sender": {"login": "octocat"},
        }

    def _all_inputs(self, distributions: tuple[Path, ...]) -> dict[str, str]:
        given = {
            "repository-url": self.index.upload_url,
            "check-url": self.index.simple_url,
            "packages-dir": "\n".join(dict.fromkeys(str(path.parent) for path in distributions)),
        }
        return given | self.inputs


def _replace(claims: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | dict(changes)).items() if value is not None}


def _release_of(filenames: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Project and version by file name; names that do not parse are left out."""
    found: dict[str, tuple[str, str]] = {}
    for filename in filenames:
        parse = parse_wheel_filename if filename.endswith(".whl") else parse_sdist_filename
        with contextlib.suppress(ValueError):
            name, version, *_ = parse(filename)
            found[filename] = (name, str(version))
    return found
