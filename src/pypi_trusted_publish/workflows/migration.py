"""Rewrites a workflow so that it publishes with this action, and lists what is left to do manually. Pure.

Every change is made twice: to the text, by splicing lines, and to the parsed tree. The new text is parsed again and
must equal that tree; otherwise nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Final

from ..errors import WorkflowError
from ..inputs import INPUTS
from ..values import dataclass
from .callers import CallerChange, Callers, changes_in_callers, make_changes
from .document import Data, Node, Place
from .leftovers import leftovers, unread_outputs
from .model import SECRET, Job, Remark, Step, Workflow, read_workflow
from .permissions import PermissionRewriter
from .publishing_steps import CREDENTIAL_INPUTS, Kind, Publication, destinations, publication_of
from .scripts import Script
from .splice import CannotSplice, Splice, add_job_entries, scalar_source
from .step_rewriter import StepRewriter, new_name
from .uploads import Upload

DEFAULT_ENVIRONMENT: Final = INPUTS["environment"].default
_READ: Final = re.compile(r"\b(?:env|secrets|inputs)\.([A-Za-z_][\w-]*)")
"""A name that a condition reads."""
_EMPTY: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, order=True, kw_only=True)
class UnusedSecret:
    """A secret that the workflow no longer reads."""

    name: str
    place: Place
    """Where it was read."""
    still_used: Place | None
    """Where it is still read."""
    is_user: bool = False
    """It contains a user name, which is not a credential by itself."""


@dataclass(frozen=True, order=True, kw_only=True)
class NeededPublisher:
    """A publisher to register on the index."""

    place: Place
    job: str
    index: str
    """Its display name."""
    environments: tuple[str, ...]
    """Each name that the environment can have."""
    is_new: bool = False
    """The job had no environment before."""


@dataclass(frozen=True, kw_only=True)
class Migration:
    """The migration of one workflow file."""

    filename: str
    before: str
    after: str
    """The unchanged text when nothing can be changed."""
    questions: tuple[Remark, ...]
    """Open questions."""
    notes: tuple[Remark, ...]
    secrets: tuple[UnusedSecret, ...]
    publishers: tuple[NeededPublisher, ...]
    callers: tuple[CallerChange, ...] = ()
    """What the workflows that call it must change."""
    already: bool = False
    """It uses this action, and nothing else publishes."""
    publishes: bool = True
    """A step publishes, or may."""


def migrate(
    text: str, filename: str, *, uses: str, indexes: Mapping[str, str] = _EMPTY, callers: Callers = lambda _: ()
) -> Migration:
    """Rewrite a workflow file.

    ``uses``: this action with its version and perhaps a comment, to write after ``uses:``. ``indexes``:
    names of indexes in the project's configuration, and their URLs. ``callers``: gives the jobs that call a file.

    Raises:
        WorkflowError: it is not a workflow.

    """
    workflow = read_workflow(text, filename)
    mover = _Mover(workflow, uses, indexes, has_callers=any(True for _ in callers(filename)))
    found = [publication for job in workflow.jobs.values() for publication in mover.publications(job)]
    others = [publication for publication in found if publication.kind is not Kind.OURS]
    if not others:
        return Migration(
            filename=filename, before=text, after=text, questions=(), notes=tuple(mover.notes), secrets=(),
            publishers=(), already=bool(found), publishes=bool(found),
        )  # fmt: skip
    try:
        after = mover.moved()
    except CannotSplice as problem:
        question = Remark(place=Place(line=1, column=1), message=f"{problem}; change it manually.")
        return Migration(
            filename=filename, before=text, after=text, questions=(question,), notes=(), secrets=(), publishers=()
        )
    secrets = tuple(sorted(set(mover.unused_secrets(after)), key=lambda secret: (secret.name, secret.place)))
    return Migration(
        filename=filename,
        before=text,
        after=after,
        questions=tuple(sorted(set(mover.all_questions()))),
        notes=tuple(sorted({*mover.all_notes(), *unread_outputs(workflow, after)})),
        secrets=secrets,
        publishers=tuple(sorted(set(mover.publishers))),
        callers=changes_in_callers(
            read_workflow(after, filename), callers, {s.name for s in secrets if s.still_used is None}
        )
        if after != text
        else (),
    )


def with_callers(migrations: Iterable[Migration]) -> list[Migration]:
    """Change called workflows and their callers together where both are among the files of one folder."""
    found = {migration.filename: migration for migration in migrations}
    texts = {name: migration.after for name, migration in found.items()}
    for name, migration in found.items():
        made = make_changes(texts, migration.callers)
        texts = dict(made.texts)
        found[name] = replace(found[name], callers=made.left)
        for changed, remark in made.done:
            found[changed] = replace(found[changed], notes=(*found[changed].notes, remark))
    return [replace(migration, after=texts[name]) for name, migration in found.items()]


class _Mover:
    """Makes the changes to one workflow."""

    def __init__(self, workflow: Workflow, uses: str, indexes: Mapping[str, str], *, has_callers: bool) -> None:
        self._workflow = workflow
        self._indexes = indexes
        self._uses = uses
        self._splice = Splice(workflow.text)
        self._shared = _shared(workflow.root)
        self._steps = StepRewriter(workflow, self._splice, uses)
        self._rights = PermissionRewriter(workflow, self._splice, self._shared, has_callers=has_callers)
        self.questions: list[Remark] = []
        self.notes: list[Remark] = []
        self.publishers: list[NeededPublisher] = []

    def publications(self, job: Job) -> list[Publication]:
        """The steps of a job that publish, or may."""
        found = (publication_of(step, self._indexes) for step in job.steps)
        return [publication for publication in found if publication is not None]

    def moved(self) -> str:
        """The new text. Raises CannotSplice."""
        expected = self._workflow.root.dictionary()
        jobs = dict(self._workflow.root.get("jobs").dictionary())
        expected["jobs"] = jobs
        for name, job in self._workflow.jobs.items():
            moved = [p for p in self.publications(job) if self._can_move(p)]
            if moved:
                jobs[name] = self._job(job, moved)
        after = self._splice.apply()
        try:
            after = self._without_outer_variables(after, expected)
            read = read_workflow(after, self._workflow.filename).root.data()
        except WorkflowError:
            raise CannotSplice("the changed file would not be a workflow") from None
        if _trimmed(read) != _trimmed(expected):
            raise CannotSplice("the changed file would not mean what was intended")
        return after

    # What can be moved

    def _can_move(self, publication: Publication) -> bool:
        step = publication.step
        if publication.kind is Kind.OURS:
            return False
        elsewhere = next((u.index.elsewhere for u in publication.uploads if u.index.elsewhere), "")
        if elsewhere:
            self._note(
                publication.place,
                f"this step publishes to {elsewhere}, which is not known to support Trusted Publishing: not changed.",
            )
            return False
        asked = [
            *publication.questions,
            *(question for upload in publication.uploads for question in upload.questions),
            *self._structure(step, publication),
            *self._conditions(publication),
            *self._inputs(publication),
        ]
        if publication.kind is Kind.CONTAINER and publication.uploads[0].index.question:
            asked.append(publication.uploads[0].index.question)
        if set(self._workflow.triggers) == {"pull_request_target"}:
            asked.append(
                "only 'pull_request_target' starts this workflow, and PyPI refuses such runs; trigger it by a tag."
            )
        unknown = next((upload.index.value for upload in publication.uploads if upload.index.is_unknown), "")
        if unknown and any(not credential.is_user for credential in publication.credentials):
            asked.append(f"the index is '{unknown}', and the file does not show whether that is PyPI or TestPyPI.")
        asked += [self._build_first(step, upload) for upload in publication.uploads if upload.build_first]
        if publication.kind is Kind.COMMAND and publication.script is not None:
            asked += _order(publication.script, publication)
        for question in asked:
            self._ask(publication.place, question)
        return not asked

    def _build_first(self, step: Step, upload: Upload) -> str:
        """What to write for a command that builds and uploads."""
        environment = step.job.environment.text
        source = scalar_source(environment) if environment and environment.lower() != DEFAULT_ENVIRONMENT else ""
        inputs = self._steps.new_inputs(upload, source, environment)
        given = "".join(f", {name}: {value.strip()}" for name, (_, value) in inputs.items()).removeprefix(", ")
        return (
            f"'{upload.by}' builds the distributions too. Write two steps instead: 'run: {upload.build_first}', and "
            f"'uses: {self._uses}'{f' with {{{given}}}' if given else ''}. Better: build in a separate job."
        )

    def _structure(self, step: Step, publication: Publication) -> Iterator[str]:
        node = step.node
        if node.style == "flow" or step.job.node.style == "flow" or step.job.node.get("steps").style == "flow":
            yield "the step is written in flow style ('{...}'); write it in lines, then run 'migrate' again."
        elif any(id(part) in self._shared for part in (node, step.job.node, step.job.node.get("steps"))) or any(
            id(part) in self._shared for part in node.walk()
        ):
            yield "the step is shared by an anchor ('&') and an alias ('*'); write it out where it is used."
        elif any(key.text == "<<" for holder in (node, step.job.node) for key, _ in holder.pairs):
            yield "the step or its job uses a merge key ('<<'), which GitHub does not read; write it out."
        elif (
            publication.kind is Kind.COMMAND
            and node.get("run").style == ">"
            and publication.script is not None
            and publication.script.comments
        ):
            yield "the folded script ('>') has a comment in it; write the script with '|'."

    def _conditions(self, publication: Publication) -> Iterator[str]:
        """An ``if`` that reads a removed value would always be false."""
        gone = {credential.name for credential in publication.credentials}
        gone |= {secret for credential in publication.credentials for secret in credential.secrets}
        step = publication.step
        for holder in (step.node, step.job.node):
            condition = holder.get("if").text
            read = sorted(
                name for name in set(_READ.findall(condition)) if name in gone or self._holds(step, name, gone)
            )
            if read:
                yield (
                    f"the condition 'if: {condition}' reads {read[0]}, which is no longer needed; decide what it "
                    "should say instead."
                )

    @staticmethod
    def _holds(step: Step, name: str, gone: AbstractSet[str]) -> bool:
        """Whether a variable of the step contains a removed value."""
        return name in step.variables and bool(gone & set(SECRET.findall(step.variables[name][0].text)))

    def _inputs(self, publication: Publication) -> Iterator[str]:
        if publication.kind is not Kind.CONTAINER:
            return
        if "args" in publication.step.inputs or "entrypoint" in publication.step.inputs:
            yield "the inputs 'args' and 'entrypoint' start something else in the container."
        for name in publication.step.inputs:
            if new_name(name) not in INPUTS and name not in CREDENTIAL_INPUTS:
                yield f"the input {name!r} is not one of {publication.by}; delete it, or correct its spelling."
        lines = [line.strip() for line in _packages_dir(publication.step).splitlines()]
        if any("$" in line.replace("${{", "") and "$" in re.sub(r"\$\{\{.*?\}\}", "", line) for line in lines):
            yield "'packages-dir' has a shell variable, which no action expands."

    # A job

    def _job(self, job: Job, publications: Sequence[Publication]) -> Data:
        """Change a job; returns what its data must be afterwards."""
        data = job.node.dictionary()
        environment, value = self._environment(job, data)
        made: list[list[Data]] = [[step.node.data()] for step in job.steps]
        for publication in publications:
            made[publication.step.number] = self._steps.rewrite(publication, environment, value)
        if all(p in publications or p.kind is Kind.OURS for p in self.publications(job)):
            for step in job.steps:
                if publication_of(step, self._indexes) is None and id(step.node) not in self._shared:
                    made[step.number] = self._steps.without_stored_credentials(step)
        data["steps"] = [step for several in made for step in several]
        self._rights.grant(job, data)
        self._publishers(job, publications)
        self.notes += leftovers(job, publications)
        return data

    def _environment(self, job: Job, data: dict[str, Data]) -> tuple[str, str]:
        """The input ``environment`` as source and as value; both empty where the default is right."""
        node = job.environment
        if node:
            if node.text.lower() == DEFAULT_ENVIRONMENT:
                return "", ""
            source = self._splice.source(node) if node.style in ("plain", "'", '"') else scalar_source(node.text)
            if "\n" in source or node.start < job.node.start:
                source = scalar_source(node.text)
            return source, node.value if source != scalar_source(node.text) else node.text
        if "environment" in data:
            key = job.node.key("environment")
            self._ask(key.place, f"'environment' of the job {job.name!r} has no name; give it one, such as 'release'.")
            return "", ""
        add_job_entries(self._splice, job.node, [f"environment: {DEFAULT_ENVIRONMENT}"])
        data["environment"] = DEFAULT_ENVIRONMENT
        self._note(
            job.place,
            f"the job {job.name!r} now runs in the environment '{DEFAULT_ENVIRONMENT}'. GitHub creates it without "
            "protection on its first use: give it required reviewers (Settings, Environments). A publisher that names "
            "another environment must be changed; one that names none still matches.",
        )
        return "", ""

    def _without_outer_variables(self, text: str, expected: dict[str, Data]) -> str:
        """Remove variables of jobs and of the workflow that are no longer used."""
        for job, name in dict.fromkeys(self._steps.outer):
            workflow = read_workflow(text, self._workflow.filename)
            holder = workflow.jobs[job].node if job else workflow.root
            env = holder.get("env")
            if name not in env.entries or self._is_read(workflow, name, job):
                continue
            if any(id(node) in _shared(workflow.root) for node in env.walk()):
                self._ask(env.place, f"{name} is set in a mapping with an anchor; delete it manually.")
                continue
            splice = Splice(text)
            splice.remove_entries(holder, "env", [name])
            text = splice.apply()
            variables = {n: node.data() for n, node in env.entries.items() if n != name}
            data = _job_data(expected, job) if job else expected
            data.pop("env", None)
            if variables:
                data["env"] = variables
        return text

    def _is_read(self, workflow: Workflow, name: str, within: str) -> bool:
        """Whether something still reads a variable: by its name, or as a tool that publishes does."""
        mentions = re.findall(rf"(?<![\w.]){re.escape(name)}\b(?!\s*:)|\benv\.{re.escape(name)}\b", workflow.text)
        if mentions:
            return True
        jobs = [workflow.jobs[within]] if within else list(workflow.jobs.values())
        for job in jobs:
            for publication in self.publications(job):
                used = [c.name for c in publication.credentials] + [n for n, _ in publication.index_variables]
                if name in used:
                    return True
        return False

    def all_questions(self) -> list[Remark]:
        """All questions."""
        return [*self.questions, *self._rights.questions]

    def all_notes(self) -> list[Remark]:
        """All notes."""
        return [*self.notes, *self._rights.notes, *self._steps.notes]

    def unused_secrets(self, after: str) -> Iterator[UnusedSecret]:
        """The secrets behind the removed credentials, and whether the new text still reads them."""
        for credential in self._steps.credentials:
            for name in credential.secrets:
                if name.upper() == "GITHUB_TOKEN":
                    continue
                still = next((m for m in SECRET.finditer(after) if m[1] == name), None)
                place = Place(line=after.count("\n", 0, still.start()) + 1, column=1) if still is not None else None
                yield UnusedSecret(name=name, place=credential.place, still_used=place, is_user=credential.is_user)

    # What is left

    def _publishers(self, job: Job, publications: Sequence[Publication]) -> None:
        for publication in publications:
            for upload in publication.uploads:
                for title, environments in destinations(job, upload, DEFAULT_ENVIRONMENT):
                    self.publishers.append(
                        NeededPublisher(
                            place=job.place, job=job.name, index=title, environments=environments,
                            is_new=not job.environment,
                        )
                    )  # fmt: skip

    def _ask(self, place: Place, message: str) -> None:
        self.questions.append(Remark(place=place, message=message))

    def _note(self, place: Place, message: str) -> None:
        self.notes.append(Remark(place=place, message=message))


def _trimmed(data: Data) -> Data:
    """Data without line feeds at the ends of texts, which a file without one at its end does not have either."""
    if isinstance(data, dict):
        return {name: _trimmed(value) for name, value in data.items()}
    return [_trimmed(value) for value in data] if isinstance(data, list) else data.rstrip("\n")


def _job_data(workflow: Mapping[str, Data], job: str) -> dict[str, Data]:
    jobs = workflow["jobs"]
    data = jobs.get(job) if isinstance(jobs, dict) else None
    return data if isinstance(data, dict) else {}


def _order(script: Script, publication: Publication) -> Iterator[str]:
    """Questions about commands between two uploads, and about a script that can be split only partly."""
    uploads = [upload.command for upload in publication.uploads]
    if min(uploads) < 0:
        return  # one is hidden in another command, which is a question already
    gone = {*uploads, *publication.dropped}
    between = [n for n in range(min(uploads), max(uploads)) if n not in gone]
    if between:
        other = " ".join(script.commands[between[0]].texts)
        yield f"'{other}' runs between two uploads; make steps of them."
    behind = range(max(uploads) + 1, len(script.commands))
    after = [n for n in behind if n not in gone and script.commands[n].before != "||"]  # that is a question already
    folders = [n for n in range(max(uploads)) if script.commands[n].texts[:1] == ("cd",)]
    if after and (folders or "env" in publication.step.node.entries):
        other = " ".join(script.commands[after[0]].texts)
        yield f"'{other}' runs after the upload; move it to a separate step."


def _packages_dir(step: Step) -> str:
    return step.inputs.get("packages-dir", "") or step.inputs.get("packages_dir", "")


def _shared(root: Node) -> set[int]:
    """Every node that is used more than once, by an alias or a merge, and all below it."""
    seen: set[int] = set()
    shared: set[int] = set()

    def visit(node: Node, *, inside: bool) -> None:
        if inside or id(node) in seen:
            inside = True
            if id(node) in shared:
                return
            shared.add(id(node))
        seen.add(id(node))
        for key, value in node.pairs:
            visit(key, inside=inside)
            visit(value, inside=inside)
        for item in node.items:
            visit(item, inside=inside)

    visit(root, inside=False)
    return shared
