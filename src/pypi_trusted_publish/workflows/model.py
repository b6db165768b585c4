"""Workflow, jobs and steps: the parts of a workflow file that matter for publishing. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from .document import ABSENT, Node, Place, invalid_workflow, load
from .scripts import Script, read_script

SECRET: Final = re.compile(r"\bsecrets\s*(?:\.\s*|\[\s*['\"])([A-Za-z_]\w*)")
"""The name of a secret in an expression."""
GITHUB_TOKEN: Final = re.compile(r"\bsecrets\.GITHUB_TOKEN\b|\bgithub\.token\b", re.IGNORECASE)
_MATRIX: Final = re.compile(r"matrix((?:\.[\w-]+)+)")
_INPUT: Final = re.compile(r"(?:github\.event\.)?inputs\.([\w-]+)")
_EXPRESSION: Final = re.compile(r"\$\{\{(.*)\}\}", re.DOTALL)
_CHOICE: Final = re.compile(r"((?:[^'|]|'[^']*')+)&&\s*'([^']*)'\s*\|\|\s*'([^']*)'\s*")
"""``condition && 'one' || 'other'``: the two values that it can have."""
_EVENTS_WITH_INPUTS: Final = ("workflow_dispatch", "workflow_call")
_MINTING: Final = re.compile(r"_/oidc/mint-token|ACTIONS_ID_TOKEN_REQUEST_URL")
_WINDOWS_SHELLS: Final = frozenset({"pwsh", "powershell", "cmd"})


@dataclass(frozen=True, order=True, kw_only=True)
class Remark:
    """A note, a task or a question."""

    place: Place
    message: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Step:
    """One step of a job."""

    node: Node
    job: Job
    number: int
    """Counts from 0."""

    @property
    def uses(self) -> str:
        """The action; empty for a command."""
        return self.node.get("uses").text

    @property
    def action(self) -> str:
        """The action without its version, in lower case."""
        return self.uses.partition("@")[0].lower()

    @property
    def run(self) -> str:
        """The script; empty for an action."""
        return self.node.get("run").value

    @cached_property
    def script(self) -> Script:
        """The script, read."""
        return read_script(self.run, windows=self._has_windows_shell)

    @property
    def _has_windows_shell(self) -> bool:
        """Whether PowerShell or ``cmd`` runs the script, as far as the file says."""
        for defaults in (self.node, self.job.defaults, self.job.workflow.defaults):
            if shell := defaults.get("shell").text:
                return shell.split()[0].removesuffix(".exe").lower() in _WINDOWS_SHELLS
        return self.job.node.get("runs-on").text.lower().startswith("windows")

    @cached_property
    def inputs(self) -> Mapping[str, str]:
        """Text of each input, by its name in lower case."""
        return {name.lower(): text for name, text in self.node.get("with").texts().items()}

    @property
    def place(self) -> Place:
        """Where it begins."""
        return self.node.place

    @property
    def title(self) -> str:
        """How to call it in a message."""
        return self.node.get("name").text or self.uses or (self.run.strip().splitlines() or ["?"])[0]

    @cached_property
    def variables(self) -> Mapping[str, tuple[Node, Node]]:
        """Every variable that the step sees: its value, and the ``env`` mapping in which it is set."""
        found: dict[str, tuple[Node, Node]] = {}
        for holder in (self.job.workflow.root.get("env"), self.job.node.get("env"), self.node.get("env")):
            found.update({name: (value, holder) for name, value in holder.entries.items()})
        return found

    @property
    def working_directory(self) -> str:
        """Where its script runs; empty: the workspace. An expression is made to be ``.`` where it can be empty."""
        for defaults in (self.node, self.job.defaults, self.job.workflow.defaults):
            if text := defaults.get("working-directory").text:
                inner = _inner(text)
                key = _INPUT.fullmatch(inner)
                return f"${{{{ {inner} || '.' }}}}" if key and self.job.workflow.may_lack(key[1]) else text
        return ""

    @property
    def never_runs(self) -> bool:
        """Whether its condition, or that of its job, is ``false``."""
        conditions = [holder.get("if").text for holder in (self.node, self.job.node)]
        return any((_inner(text) or text).lower() == "false" for text in conditions)


@dataclass(frozen=True, kw_only=True, eq=False)
class Job:
    """One job."""

    node: Node
    name: str
    place: Place
    workflow: Workflow

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its steps, in order."""
        return tuple(Step(node=node, job=self, number=n) for n, node in enumerate(self.node.get("steps").items))

    @property
    def defaults(self) -> Node:
        """Its defaults for scripts."""
        return self.node.get("defaults").get("run")

    @property
    def calls(self) -> str:
        """The workflow that it calls, as it is written; empty for a job with steps."""
        return self.node.get("uses").text

    @property
    def environment(self) -> Node:
        """The node with the name of its deployment environment."""
        value = self.node.get("environment")
        value = value.get("name") if value.kind == "mapping" else value
        return value if value.text else ABSENT

    @cached_property
    def environments(self) -> tuple[str, ...]:
        """Every name that its environment can have; an expression where the file does not say."""
        return tuple(filter(None, self.possible(self.environment.text))) if self.environment else ()

    @property
    def permissions(self) -> Node:
        """The block that applies to it: its own, or that of the workflow."""
        own = self.node.get("permissions")
        return own if "permissions" in self.node.entries else self.workflow.root.get("permissions") or own

    @property
    def grants_identity(self) -> bool:
        """Whether it may ask for an identity token."""
        return self.permissions.text == "write-all" or self.permissions.get("id-token").text == "write"

    @property
    def has_several_entries(self) -> bool:
        """Whether a matrix makes several jobs of it, as far as the file says."""
        matrix = self.node.get("strategy").get("matrix")
        columns = [value for name, value in matrix.entries.items() if name not in ("include", "exclude")]
        if columns and all(len(column.items) == 1 for column in columns):
            return any(set(matrix.entries) & set(entry.entries) for entry in matrix.get("include").items)
        return bool(matrix) and (bool(columns) or len(matrix.get("include").items) != 1)

    @property
    def mints_tokens(self) -> bool:
        """Whether a script in it exchanges an identity token for an upload token."""
        return any(_MINTING.search(step.run) or "mint" in step.action for step in self.steps)

    @cached_property
    def needed(self) -> tuple[Job, ...]:
        """Every job that it needs, directly or not."""
        found: dict[str, Job] = {}
        waiting = [self]
        while waiting:
            for node in waiting.pop().node.get("needs").listed():
                job = self.workflow.jobs.get(node.text)
                if job is not None and job.name not in found:
                    found[job.name] = job
                    waiting.append(job)
        return tuple(found.values())

    def possible(self, text: str) -> tuple[str, ...]:
        """Every value that a text can have according to the matrix, the inputs and the expression itself.

        Returns ``text`` itself, alone, when they do not.
        """
        return tuple(dict.fromkeys(value for (value,) in self.possible_together(text)))

    def possible_together(self, *texts: str) -> tuple[tuple[str, ...], ...]:
        """Every combination of values that texts can have; those of one matrix entry or one condition go together."""
        groups: dict[str, dict[str, tuple[str, ...]]] = {}
        for text in dict.fromkeys(texts):
            group, values = self._values(text)
            groups.setdefault(group, {})[text] = values
        rows: list[dict[str, str]] = [{}]
        for columns in groups.values():
            entries = list(dict.fromkeys(zip(*columns.values(), strict=True)))
            rows = [{**row, **dict(zip(columns, entry, strict=True))} for row in rows for entry in entries]
        return tuple(dict.fromkeys(tuple(row[text] for text in texts) for row in rows))

    def _values(self, text: str) -> tuple[str, tuple[str, ...]]:
        """The values of a text, and a name for what they depend on."""
        inner = _inner(text)
        if _MATRIX.fullmatch(inner) and (values := self._matrix_rows(inner)):
            return f"matrix.{inner.split('.')[1]}", values
        if choice := _CHOICE.fullmatch(inner):
            return choice[1].strip(), (choice[2], choice[3])
        if (key := _INPUT.fullmatch(inner)) and (values := self.workflow.input_values(key[1])):
            return inner, values
        before, start, rest = text.partition("${{")
        part, end, after = rest.partition("}}")
        if not inner and end and "${{" not in after:  # an expression in the middle of a text
            group, values = self._values(f"{start}{part}{end}")
            return group, tuple(f"{before}{value}{after}" for value in values)
        return text, (text,)

    def _matrix_rows(self, inner: str) -> tuple[str, ...]:
        """The value of ``matrix.NAME...`` in each entry of the matrix that has ``NAME``."""
        path = inner.split(".")[1:]
        matrix = self.node.get("strategy").get("matrix")
        sources = [(item, path[1:]) for item in matrix.get(path[0]).listed()]
        sources += [(item, path) for item in matrix.get("include").items if path[0] in item.entries]
        found = []
        for source, rest in sources:
            node = source
            for name in rest:
                node = node.get(name)
            found.append(node.text)
        return tuple(found) if any(found) else ()


def _inner(text: str) -> str:
    """What is between the braces when a text is one expression; empty for any other."""
    expression = _EXPRESSION.fullmatch(text.strip())
    return "" if expression is None or "${{" in expression[1] else expression[1].strip()


@dataclass(frozen=True, kw_only=True, eq=False)
class Workflow:
    """A workflow file."""

    filename: str
    text: str
    root: Node
    given: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Values that callers give to its inputs."""

    @cached_property
    def jobs(self) -> Mapping[str, Job]:
        """Its jobs, by name."""
        jobs = self.root.get("jobs")
        return {
            name: Job(node=node, name=name, place=jobs.place_of(name), workflow=self)
            for name, node in jobs.entries.items()
        }

    @cached_property
    def triggers(self) -> Mapping[str, Place]:
        """Every event of ``on``, with its place."""
        events = self.root.get("on")
        place = self.root.place_of("on")
        if events.kind == "mapping":
            return {name: events.place_of(name, place) for name in events.entries}
        return {node.text: node.place for node in events.listed()}

    @property
    def defaults(self) -> Node:
        """Its defaults for scripts."""
        return self.root.get("defaults").get("run")

    @property
    def is_only_called(self) -> bool:
        """Whether only another workflow starts it."""
        return set(self.triggers) == {"workflow_call"}

    @property
    def takes_callers_permissions(self) -> bool:
        """Whether its jobs may have what the calling job grants: it is only called, and has no permissions."""
        return self.is_only_called and "permissions" not in self.root.entries

    def may_lack(self, name: str) -> bool:
        """Whether an input of the workflow can be empty, as far as its declaration says."""
        specs = [self.root.get("on").get(event).get("inputs").get(name) for event in _EVENTS_WITH_INPUTS]
        return any(spec and spec.get("required").text != "true" and not spec.get("default").text for spec in specs)

    def chosen_by_callers(self, text: str) -> str:
        """The input that a text is, when callers may give another value than its default; empty for other texts."""
        key = _INPUT.fullmatch(_inner(text))
        return key[1] if key and "workflow_call" in self.triggers and key[1] not in self.given else ""

    def input_values(self, name: str) -> tuple[str, ...]:
        """Every value that an input of the workflow can have; none when unknown."""
        found: list[str] = []
        events = self.root.get("on")
        for event in _EVENTS_WITH_INPUTS:
            spec = events.get(event).get("inputs").get(name)
            if event not in self.triggers:
                continue
            if event == "workflow_call":
                values = [*self.given.get(name, ()), spec.get("default").text]
                found += [value for value in values if value] or ["${{"]
            else:
                options = [option.text for option in spec.get("options").items]
                found += ["true", "false"] if spec.get("type").text == "boolean" else options or ["${{"]
        return () if any("${{" in value for value in found) else tuple(found)


def read_workflow(text: str, filename: str) -> Workflow:
    """Read a workflow file. Raises WorkflowError when it is not one."""
    root = load(text, filename)
    if "jobs" not in root.entries and "runs" in root.entries:
        raise invalid_workflow(filename, root.place_of("runs"), "it is an action ('runs'), which has no jobs")
    return Workflow(filename=filename, text=text, root=root)
