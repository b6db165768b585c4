"""The uploads in a script: their tools, indexes, files and credentials. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field, replace
from typing import Final

from ..values import dataclass
from .document import ABSENT, Node, Place
from .known_commands import is_known
from .model import SECRET, Step
from .scripts import Command, Script, Word, variables_in
from .targets import IndexChoice, index_choice, joined_path, package_lines, workspace_path
from .tools import CREDENTIAL_VARIABLE, INDEX_VARIABLE, Invocation, Meaning, Tool, invocation, tool_of

_CONDITIONS: Final = frozenset({"test", "[", "[[", "grep", "diff", "which", "git", "type", "command"})


@dataclass(frozen=True, kw_only=True)
class Credential:
    """Something that passes a credential to a step and is no longer needed."""

    name: str
    """Of the input, the variable or the option."""
    place: Place
    secrets: tuple[str, ...] = ()
    """Names of the secrets behind it."""
    is_user: bool = False
    """A user name only."""
    holder: Node = ABSENT
    """The mapping in which it is written; absent for an option of a command."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """One upload of a step."""

    by: str
    index: IndexChoice
    packages: tuple[str, ...] = ()
    """Lines for the input ``packages-dir``; empty for the default."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """Further inputs of ours."""
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    command: int = -1
    """Its number in the script."""
    build_first: str = ""
    """The command that builds what it uploads, if it also builds."""
    trusted: bool = False
    """It is made to use Trusted Publishing."""


class ScriptReader:
    """Reads the commands of a script in order and tracks their working folder."""

    def __init__(self, step: Step, script: Script, names: Mapping[str, str], base: str) -> None:
        self._step = step
        self._script = script
        self._names = dict(names)
        self._folder = workspace_path(base)
        self._exported: dict[str, str] = {}
        self._place = step.node.place_of("run" if step.run else "uses")
        self.uploads: list[Upload] = []
        self.credentials: list[Credential] = []
        self.questions: list[str] = []
        self.dropped: set[int] = set()
        self.stored: list[Credential] = []
        self.hides_credentials = False
        self._built: set[str] = set()
        """Programs that have built in the folder of the step, without options."""
        self.index_variables: list[tuple[str, Node]] = []

    def read(self) -> None:
        """Read the whole script; questions about other commands count only when there is an upload."""
        others: list[str] = []
        self._built = _built_before(self._step)
        for number, command in enumerate(self._script.commands):
            found = tool_of(command.texts) if not command.complex else None
            if found is not None:
                self._upload(number, command, *found)
            elif _is_setup_py_upload(command):
                self.uploads.append(Upload(by="setup.py upload", index=IndexChoice()))
                self.questions.append(
                    "'setup.py upload' builds and uploads. Build with 'python -m build', and upload with a step that "
                    "uses this action."
                )
            elif (hidden := _hidden_tool(command)) is not None:
                self.uploads.append(Upload(by=hidden, index=IndexChoice()))
                self.questions.append(
                    f"'{hidden}' runs inside a condition, a loop or another command; write it as a separate command, "
                    "or replace it with a step that uses this action and has an 'if:'."
                )
            elif self._only_configures(command):
                self.dropped.add(number)
            elif command.texts[:1] == ("cd",) and len(command.words) == 2 and not command.complex:  # noqa: PLR2004
                self._change_folder(command.words[1])
            elif _builds_plainly(command):
                self._built.add(command.texts[0])
            elif not is_known(command) and not command.complex:
                others.append(" ".join(command.texts)[:60])
        if self.uploads and others:
            which = ", ".join(f"'{other}'" for other in others)
            self.questions.append(f"the script also runs {which}, whose effect is unknown; move it to a separate step.")

    def _change_folder(self, word: Word) -> None:
        self._built.clear()
        self._folder = "$" if word.is_dynamic or word.text == "-" else joined_path(self._folder, word.text)

    def _only_configures(self, command: Command) -> bool:
        """Whether the command only passes a credential or the address of an index to a tool; records it."""
        for name, value in _exports(command):
            self._exported[name] = value
        exports = [name for name, _ in _exports(command)]
        if exports and all(CREDENTIAL_VARIABLE.fullmatch(n) or INDEX_VARIABLE.fullmatch(n) for n in exports):
            self.credentials += [
                self._credential(name, self._exported[name], is_user="USER" in name.upper())
                for name in exports
                if not INDEX_VARIABLE.fullmatch(name)
            ]
            return True
        values = credential_configuration(command)
        if values is None:
            return False
        self.credentials += [self._credential(values[0], " ".join(values[1:]), is_user=False)] if values[1:] else []
        return True

    def _credential(self, name: str, text: str, *, is_user: bool) -> Credential:
        """A credential in the script; variables in its text are followed to the secrets behind them."""
        secrets = list(secrets_behind(self._step, text))
        for variable in variables_in(text):
            value, holder = self._step.variables.get(variable, (ABSENT, ABSENT))
            if holder and holder.key(variable):
                self.credentials.append(
                    Credential(
                        name=variable, place=holder.place_of(variable), secrets=tuple(SECRET.findall(value.text)),
                        holder=holder, is_user=is_user,
                    )
                )  # fmt: skip
        return Credential(name=name, place=self._place, secrets=tuple(secrets), is_user=is_user)

    def _upload(self, number: int, command: Command, tool: Tool, arguments: tuple[int, ...]) -> None:
        options = _Options(tool, [command.words[n] for n in arguments])
        questions = [*options.questions, *_joined_badly(self._script, number)]
        notes: list[str] = []
        for name, word in options.credentials:
            self.credentials.append(self._credential(name, word.raw, is_user=tool.options[name] is Meaning.USER))
        chosen, inputs = self._variables(tool, command)
        inputs.update(options.inputs)
        default = self._names.get("", "") if tool.program == "uv" else ""
        index = self._index(tool, options.index or chosen or default)
        if index.question:
            questions.append(index.question)
        hidden = list(_hidden_settings(self._step, tool, known={name for name, _ in self.index_variables}))
        if hidden and not options.index:
            index = replace(index, titles=("an index that a script chooses",))
        questions += hidden
        self.stored += _stored_credentials(self._step, tool)
        self.hides_credentials = self.hides_credentials or _hides_credentials(self._step, tool)
        if options.check_url and index.value and index.value not in ("pypi", "testpypi"):
            inputs["check-url"] = options.check_url
        if not options.named_files:
            questions.append(f"'{tool.name}' does not name a file.")
        folder = joined_path(self._folder, options.project) if options.project else self._folder
        packages, problems, remarks = package_lines(options.named_files, folder)
        questions += problems
        notes += remarks
        if "skip-existing" in inputs:
            notes.append(
                "'skip-existing' is kept, but rarely needed: files that are already there with the same contents are "
                "never an error"
            )
        self.uploads.append(
            Upload(
                by=tool.name, index=index, packages=packages, inputs=inputs, questions=tuple(questions),
                notes=tuple(notes), command=number, build_first=options.build_first(built=self._built),
                trusted=options.trusted or self._is_trusted(tool),
            )
        )  # fmt: skip

    def _index(self, tool: Tool, text: str) -> IndexChoice:
        resolved = text
        for variable in Word(raw=text, quoted=False).variables:
            value, holder = self._step.variables.get(variable, (ABSENT, ABSENT))
            known = value.text or self._exported.get(variable, "")
            if known:
                resolved = resolved.replace(f"${{{variable}}}", known).replace(f"${variable}", known)
            if known and holder:
                self.index_variables.append((variable, holder))
        return index_choice(tool.indexes.get(resolved, resolved), self._step, self._names)

    def _is_trusted(self, tool: Tool) -> bool:
        variables = self._step.variables.items()
        return any(tool.variable(name) is Meaning.TRUSTED and node.text == "always" for name, (node, _) in variables)

    def _variables(self, tool: Tool, command: Command) -> tuple[str, dict[str, str]]:
        """The index and the inputs from the variables of a tool; credentials are recorded."""
        chosen, inputs = "", {}
        given = {**self._exported, **dict(command.assignments)}
        for name, value in given.items():
            meaning = tool.variable(name)
            if meaning is Meaning.INDEX:
                chosen = value
            elif meaning in (Meaning.USER, Meaning.CREDENTIAL) and name in dict(command.assignments):
                self.credentials.append(self._credential(name, value, is_user=meaning is Meaning.USER))
        for name, (node, holder) in self._step.variables.items():
            meaning = tool.variable(name)
            if meaning is Meaning.INDEX:
                chosen = chosen or node.text
                self.index_variables.append((name, holder))
            elif meaning is Meaning.NO_ATTESTATIONS:
                inputs["attestations"] = "false"
                self.index_variables.append((name, holder))
            elif meaning in (Meaning.IGNORED, Meaning.TRUSTED, Meaning.CHECK_URL) or (
                tool.program == "poetry" and re.fullmatch(r"POETRY_REPOSITORIES_\w+_URL", name)
            ):
                self.index_variables.append((name, holder))
            elif meaning in (Meaning.USER, Meaning.CREDENTIAL):
                self.credentials.append(
                    Credential(
                        name=name, place=holder.place_of(name), secrets=tuple(SECRET.findall(node.text)),
                        is_user=meaning is Meaning.USER, holder=holder,
                    )
                )  # fmt: skip
            elif meaning is Meaning.ASK_VALUE:
                self.questions.append(f"the variable {name} {meaning.value.strip()}.")
        return chosen, inputs


class _Options:
    """The arguments of a tool, read."""

    def __init__(self, tool: Tool, words: Sequence[Word]) -> None:
        self._tool = tool
        self.index = ""
        self.check_url = ""
        self.folder: Word | None = None
        self.files: list[Word] = []
        self.inputs: dict[str, str] = {}
        self.credentials: list[tuple[str, Word]] = []
        self.questions: list[str] = []
        self.build = self.no_build = self.trusted = False
        self.project = ""
        self.for_build: list[str] = []
        """What goes to the command that builds."""
        rest = list(words)
        while rest:
            word = rest.pop(0)
            name, equals, value = word.text.partition("=")
            if not word.raw.startswith("-") or word.raw == "-":
                self.files.append(word)
                if tool.builds:
                    self.for_build.append(word.raw)
                continue
            meaning = tool.options.get(name)
            if meaning is None and len(name) > 2 and name[1] != "-" and name[:2] in tool.options:  # noqa: PLR2004
                name, equals, value = name[:2], "=", word.text[2:]  # ``-ptoken``
                meaning = tool.options[name]
            argument = Word(raw=value, quoted=False)
            if meaning is not None and meaning.takes_value and not equals:
                argument = rest.pop(0) if rest else argument
            self._take(tool, name, meaning, argument)

    @property
    def named_files(self) -> list[Word]:
        """The files to upload."""
        if self.folder is not None:
            return [self.folder]
        if self._tool.builds:
            return [Word(raw="dist/*", quoted=False)]
        return self.files or [Word(raw=name, quoted=False) for name in self._tool.files]

    def build_first(self, built: AbstractSet[str]) -> str:
        """The command that builds what is uploaded; empty when that is done. ``built``: programs that have built it."""
        command = self._tool.can_build if self.build else "" if self.no_build else self._tool.builds
        if not command or (self._tool.program in built and not self.for_build and self.folder is None):
            return ""
        if "--no-sdist" in self.for_build:
            command = command.replace(" --sdist", "")
        parts = [command, *(word for word in self.for_build if word not in ("--no-sdist", "--release"))]
        if self.folder is not None or self._tool.program == "maturin":
            parts += [self._tool.output_option, self.folder.raw if self.folder is not None else "dist"]
        return " ".join(parts)

    def _take(self, tool: Tool, name: str, meaning: Meaning | None, word: Word) -> None:
        if meaning is None or meaning in (Meaning.ASK, Meaning.ASK_VALUE):
            self.questions.append(f"the option '{name}' of '{tool.name}' cannot be carried over.")
        elif meaning in (Meaning.PROJECT, Meaning.BUILD_OPTION, Meaning.BUILD_VALUE):
            self.project = word.text if meaning is Meaning.PROJECT else self.project
            self.for_build += [name, word.raw] if meaning.takes_value else [name]
        elif meaning in (Meaning.USER, Meaning.CREDENTIAL):
            self.credentials.append((name, word))
        elif meaning in _INPUTS:
            self.inputs.update([_INPUTS[meaning]])
        else:
            self._set(meaning, word)

    def _set(self, meaning: Meaning, word: Word) -> None:
        if meaning is Meaning.INDEX:
            self.index = word.text
        elif meaning is Meaning.CHECK_URL:
            self.check_url = word.text
        elif meaning is Meaning.FOLDER:
            self.folder = word
        elif meaning is Meaning.TRUSTED:
            self.trusted = word.text == "always"
        elif meaning is Meaning.BUILD:
            self.build = True
        elif meaning is Meaning.NO_BUILD:
            self.no_build = True


_INPUTS: Final = {
    Meaning.SKIP_EXISTING: ("skip-existing", "true"),
    Meaning.ATTESTATIONS: ("attestations", "true"),
    Meaning.NO_ATTESTATIONS: ("attestations", "false"),
    Meaning.DRY_RUN: ("dry-run", "true"),
}


def credential_configuration(command: Command) -> tuple[str, ...] | None:
    """The setting and its values when a command only stores a credential or an index for a tool; else None."""
    found: Invocation | None = invocation(command.texts) if not command.complex and not command.redirected else None
    if found is None:
        return None
    words = [command.words[n].raw.strip("\"'") for n in found.arguments if not command.texts[n].startswith("-")]
    if found.program in ("poetry", "pdm") and words[:1] == ["config"]:
        if words[1:] and words[1].startswith("repositories."):
            return (words[1],)
        if words[1:] and words[1].startswith(("pypi-token.", "http-basic.", "repository.")):
            return tuple(words[1:])
    return None


def only_checks_credentials(script: Script, names: AbstractSet[str]) -> bool:
    """Whether a script only fails when a variable of ``names``, or a secret, is empty."""
    checks = False
    for command in script.commands:
        words = list(command.words)
        while words and words[0].text in ("if", "then", "else", "elif", "fi", "{", "}", "!"):
            words.pop(0)
        first = words[0].text if words else ""
        if command.redirected or first not in ("", "echo", "printf", "exit", "set", "[", "[[", "test"):
            return False
        if first in ("[", "[[", "test"):
            variables = {name for word in words for name in word.variables}
            read = [word for word in words[1:] if word.is_dynamic or SECRET.search(word.raw)]
            if len(read) != 1 or not variables <= names or not {"-z", "-n"} & {word.text for word in words}:
                return False
            checks = True
    return checks


def secrets_behind(step: Step, text: str) -> Iterator[str]:
    """The secrets in a text, and those behind the variables that it reads."""
    yield from SECRET.findall(text)
    for variable in dict.fromkeys(variables_in(text)):
        if variable in step.variables:
            yield from SECRET.findall(step.variables[variable][0].text)


def _exports(command: Command) -> Iterator[tuple[str, str]]:
    first = command.words[0] if command.words else None
    if first is not None and first.windows and first.raw.lower().startswith("$env:"):
        name, equals, value = command.text_from(0).partition("=")
        if equals:
            yield name.strip()[len("$env:") :], Word(raw=value.strip(), quoted=False, windows=True).text
    elif first is not None and first.windows and first.text.lower() == "set":
        name, equals, value = command.text_from(1).strip('"').partition("=")
        if equals:
            yield name.strip(), value
    elif command.texts[:1] == ("export",):
        for word in command.words[1:]:
            name, equals, value = word.raw.partition("=")
            if equals:
                yield name, Word(raw=value, quoted=False).text
    elif not command.words:
        yield from command.assignments


def _joined_badly(script: Script, number: int) -> Iterator[str]:
    """Questions about how an upload depends on the commands around it."""
    command = script.commands[number]
    if command.after == "||" or command.before == "||":
        yield (
            "the upload is joined to another command by '||'; a step has 'continue-on-error: true' for a failure that "
            "may be ignored. Files that are already on the index with the same contents never fail here."
        )
    if "|" in (command.after, command.before) or command.after == "&":
        yield "the upload is part of a pipe or runs in the background."
    if command.redirected:
        yield "the output of the upload goes to a file, which this action does not write."
    previous = number
    while script.commands[previous].before == "&&" and previous > 0:
        previous -= 1
        if script.commands[previous].texts[:1] and script.commands[previous].texts[0] in _CONDITIONS:
            yield f"the upload depends on '{' '.join(script.commands[previous].texts)}'; write that as 'if:' of a step."


def _hidden_settings(step: Step, tool: Tool, known: AbstractSet[str]) -> Iterator[str]:
    """Questions about settings that a script of the job makes for later steps, which may choose the index."""
    first = next((other for other in step.job.steps if ".pypirc" in other.run), None)
    if first is not None:
        yield f"line {first.place.line} has a .pypirc, which may choose the index; choose it in this step instead."
    for other in step.job.steps:
        for name, meaning in tool.variables.items():
            if (
                meaning is Meaning.INDEX
                and name not in known
                and re.search(rf"\b{name}=", other.run)
                and other is not step
            ):
                yield f"line {other.place.line} sets {name}, which chooses the index; choose it in this step instead."


def _is_setup_py_upload(command: Command) -> bool:
    found = invocation(command.texts) if not command.complex else None
    words = [command.texts[n] for n in found.arguments] if found is not None and found.program == "python" else []
    return words[:1] == ["setup.py"] and "upload" in words


def _builds_plainly(command: Command) -> bool:
    """Whether it is ``flit build`` or the like, without options."""
    return not command.complex and command.texts[1:] == ("build",) and command.texts[0] in ("flit", "pdm", "poetry")


def _built_before(step: Step) -> set[str]:
    """Programs that have built the project of a step, without options, in an earlier step of its job."""
    found: set[str] = set()
    for other in step.job.steps[: step.number]:
        condition = other.node.get("if").text
        if other.working_directory == step.working_directory and condition in ("", step.node.get("if").text):
            commands = other.script.commands
            if all(command.texts[:1] != ("cd",) for command in commands):
                found.update(command.texts[0] for command in commands if _builds_plainly(command))
    return found


def _stored_credentials(step: Step, tool: Tool) -> Iterator[Credential]:
    """Credentials that earlier commands of the job store for a tool."""
    for other in step.job.steps[: step.number]:
        for command in other.script.commands:
            values = credential_configuration(command)
            if values is not None and values[1:] and command.texts[0] == tool.program:
                secrets = tuple(secrets_behind(other, " ".join(values[1:])))
                yield Credential(name=values[0], place=other.node.place_of("run"), secrets=secrets)


def _hides_credentials(step: Step, tool: Tool) -> bool:
    """Whether a script of the job mentions a credential of the tool, such as in ``GITHUB_ENV``."""
    names = [name for name, meaning in tool.variables.items() if meaning is Meaning.CREDENTIAL and "*" not in name]
    return any(name in other.run for other in step.job.steps for name in (*names, ".pypirc"))


def _hidden_tool(command: Command) -> str | None:
    """The upload that is inside another command; None when there is none."""
    words = [word.text.lstrip("($`").rstrip(")`;") for word in command.words]
    if not words or words[0] in ("echo", "printf", "Write-Output", "Write-Host"):
        return None
    for number in range(len(words) - 1):
        found = tool_of(tuple(words[number:]))
        if found is not None:
            return found[0].name
    return None
