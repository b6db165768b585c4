"""The inputs: defaults, spellings, and every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pypi_trusted_publish.core.urls import TESTPYPI_UPLOAD
from pypi_trusted_publish.errors import WorkflowError
from pypi_trusted_publish.inputs import INPUTS, Inputs, parse_inputs

ACTION = Path(__file__).resolve().parents[1] / "action.yml"
FLAGS = ("skip-existing", "verify-metadata", "verbose", "print-hash", "dry-run", "require-protection")


def codes(environ: dict[str, str]) -> list[str]:
    with pytest.raises(WorkflowError) as caught:
        parse_inputs(environ)
    return [diagnosis.code for diagnosis in caught.value.diagnostics()]


def flag(inputs: Inputs, name: str) -> bool:
    value = getattr(inputs, name.replace("-", "_"))
    assert isinstance(value, bool)
    return value


def test_nothing_given_means_the_defaults() -> None:
    inputs = parse_inputs({})
    assert (inputs.environment, inputs.packages_dir, inputs.index.name) == ("release", ("dist",), "pypi")
    assert [name for name in FLAGS if flag(inputs, name)] == ["verify-metadata", "verbose", "print-hash"]
    assert (inputs.expected_version, inputs.wait_for_index, inputs.attestations) == ("auto", None, "auto")


@pytest.mark.parametrize("empty", ["", " ", "\n \n"])
def test_an_empty_value_means_the_default(empty: str) -> None:
    rows = [spec for spec in INPUTS.values() if not spec.never_empty]
    variables = [name for spec in rows for name in (spec.variable, spec.old_variable) if name]
    assert parse_inputs(dict.fromkeys(variables, empty)) == parse_inputs({})


def test_what_action_yml_gives_when_nothing_is_set_is_the_defaults() -> None:
    given_by_runner = {spec.variable: spec.default for spec in INPUTS.values()}
    assert parse_inputs(given_by_runner) == parse_inputs({})


@pytest.mark.parametrize("text", ["\U0001f6d1 release", "\U0001fae0", "\U0001f469\u200d\U0001f4bb", "\u00e9 1"])
def test_an_environment_may_have_any_emoji_on_every_python(text: str) -> None:
    assert parse_inputs({"INPUT_ENVIRONMENT": text}).environment == text


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False)],
)
def test_a_flag_takes_the_six_spellings_of_yaml(name: str, text: str, value: bool) -> None:
    assert flag(parse_inputs({INPUTS[name].variable: text}), name) is value


@pytest.mark.parametrize("text", ["yes", "1", "on", "tRUE", "no", "0", "null", "'true'"])
def test_a_flag_takes_nothing_else(text: str) -> None:
    with pytest.raises(WorkflowError, match="skip-existing") as caught:
        parse_inputs({"INPUT_SKIP_EXISTING": text})
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "input-invalid"
    assert repr(text) in diagnosis.message


def test_the_lines_of_packages_dir_are_read_without_blanks_around_them() -> None:
    assert parse_inputs({"INPUT_PACKAGES_DIR": " wheels/* \r\n\n\tdist/a b\n"}).packages_dir == ("wheels/*", "dist/a b")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("environment", "a\nb"),
        ("environment", "a\u200bb"),
        ("environment", "e" * 256),
        ("packages-dir", "a\0b"),
        ("expected-version", "latest"),
        ("expected-version", "refs/tags/v1"),
        ("expected-version", "9" * 5000),
        ("wait-for-index", "-1"),
        ("wait-for-index", "1.5"),
        ("wait-for-index", "5m"),
        ("wait-for-index", "100000"),
        ("wait-for-index", "\u0663"),
        ("attestations", "maybe"),
    ],
)
def test_a_value_that_does_not_fit_is_quoted_with_what_would(name: str, text: str) -> None:
    with pytest.raises(WorkflowError) as caught:
        parse_inputs({INPUTS[name].variable: text})
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "input-invalid"
    assert name in diagnosis.message
    assert repr(text)[:50] in diagnosis.message
    assert len(diagnosis.message) < 300


@pytest.mark.parametrize("text", ["any", "auto", "1.2.3", "v1.2.3", "1.0rc1"])
def test_an_expected_version_is_kept_as_it_was_written(text: str) -> None:
    assert parse_inputs({"INPUT_EXPECTED_VERSION": text}).expected_version == text


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("300", 300.0), ("99999", 99999.0)])
def test_a_wait_is_a_whole_number_of_seconds(text: str, seconds: float) -> None:
    assert parse_inputs({"INPUT_WAIT_FOR_INDEX": text}).wait_for_index == seconds


@pytest.mark.parametrize(("text", "value"), [("TRUE", "true"), ("False", "false"), ("auto", "auto")])
def test_attestations_are_auto_or_a_flag(text: str, value: str) -> None:
    assert parse_inputs({"INPUT_ATTESTATIONS": text}).attestations == value


def test_all_mistakes_are_reported_together() -> None:
    environ = {
        "INPUT_REPOSITORY_URL": "http://index.invalid/",
        "INPUT_ENVIRONMENT": "a\tb",
        "INPUT_VERBOSE": "loud",
        "INPUT_OLD_PRINT_HASH": "hash",
        "INPUT_ATTESTATIONS": "perhaps",
    }
    found = codes(environ)
    assert sorted(found) == ["input-invalid"] * 4 + ["input-url-unusable"]


@pytest.mark.parametrize(
    "url",
    [
        "https://user:hunter2@index.invalid/legacy/",
        "https://hunter2@index.invalid/",
        "https://index.invalid/?token=hunter2",
        "https://index.invalid/#hunter2",
        "http://index.invalid/hunter2",
        "ftp://hunter2",
        "hunter2",
        "https://[hunter2",
    ],
)
@pytest.mark.parametrize("variable", ["INPUT_REPOSITORY_URL", "INPUT_OLD_REPOSITORY_URL", "INPUT_CHECK_URL"])
def test_a_url_that_cannot_be_used_is_never_quoted(url: str, variable: str) -> None:
    environ = {"INPUT_REPOSITORY_URL": "https://index.invalid/legacy/", variable: url}
    if variable == "INPUT_OLD_REPOSITORY_URL":
        del environ["INPUT_REPOSITORY_URL"]
    with pytest.raises(WorkflowError) as caught:
        parse_inputs(environ)
    (diagnosis,) = caught.value.diagnostics()
    assert diagnosis.code == "input-url-unusable"
    assert "hunter2" not in repr(diagnosis) + str(caught.value)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "[::1]", "localhost:1"])
def test_plain_http_is_for_loopback(host: str) -> None:
    assert parse_inputs({"INPUT_REPOSITORY_URL": f"http://{host}/legacy/"}).index.is_loopback


@pytest.mark.parametrize(
    ("old", "text", "attribute", "value"),
    [
        ("INPUT_OLD_PACKAGES_DIR", "wheels", "packages_dir", ("wheels",)),
        ("INPUT_OLD_VERIFY_METADATA", "false", "verify_metadata", False),
        ("INPUT_OLD_SKIP_EXISTING", "true", "skip_existing", True),
        ("INPUT_OLD_PRINT_HASH", "False", "print_hash", False),
    ],
)
def test_an_old_spelling_works_alone_and_with_the_default_of_the_new_one(
    old: str, text: str, attribute: str, value: object
) -> None:
    assert getattr(parse_inputs({old: text}), attribute) == value
    variables = {spec.variable: spec.default for spec in INPUTS.values()} | {old: text}
    assert getattr(parse_inputs(variables), attribute) == value


@pytest.mark.parametrize("url", [TESTPYPI_UPLOAD, "testpypi"])
def test_an_old_spelling_that_names_testpypi_never_publishes_to_pypi(url: str) -> None:
    assert parse_inputs({"INPUT_REPOSITORY_URL": "pypi", "INPUT_OLD_REPOSITORY_URL": url}).index.is_testpypi


@pytest.mark.parametrize(
    ("new", "old", "first", "second"),
    [
        ("INPUT_PACKAGES_DIR", "INPUT_OLD_PACKAGES_DIR", "a", "b"),
        ("INPUT_REPOSITORY_URL", "INPUT_OLD_REPOSITORY_URL", "testpypi", "pypi"),
        ("INPUT_VERIFY_METADATA", "INPUT_OLD_VERIFY_METADATA", "false", "true"),
        ("INPUT_SKIP_EXISTING", "INPUT_OLD_SKIP_EXISTING", "true", "false"),
        ("INPUT_SKIP_EXISTING", "INPUT_OLD_SKIP_EXISTING", "true", "nonsense"),
        ("INPUT_REPOSITORY_URL", "INPUT_OLD_REPOSITORY_URL", "nonsense", "testpypi"),
    ],
)
def test_both_spellings_with_different_values_are_a_contradiction(new: str, old: str, first: str, second: str) -> None:
    assert codes({new: first, old: second}) == ["input-contradiction"]


@pytest.mark.parametrize(
    ("new", "old", "first", "second"),
    [
        ("INPUT_PACKAGES_DIR", "INPUT_OLD_PACKAGES_DIR", "a\nb", "a\n\nb\n"),
        ("INPUT_REPOSITORY_URL", "INPUT_OLD_REPOSITORY_URL", "testpypi", TESTPYPI_UPLOAD),
        ("INPUT_SKIP_EXISTING", "INPUT_OLD_SKIP_EXISTING", "true", "TRUE"),
    ],
)
def test_both_spellings_with_the_same_meaning_are_fine(new: str, old: str, first: str, second: str) -> None:
    assert parse_inputs({new: first, old: second}) == parse_inputs({new: first})


def test_action_yml_declares_the_table_and_nothing_else() -> None:
    declared = YAML(typ="safe").load(ACTION.read_text(encoding="utf-8"))["inputs"]
    assert {name: row["default"] for name, row in declared.items() if "default" in row} == {
        spec.name: spec.default for spec in INPUTS.values()
    }
    assert {name for name, row in declared.items() if "deprecationMessage" in row} == {
        spec.old for spec in INPUTS.values() if spec.old
    }
    assert {spec.name: spec.meaning for spec in INPUTS.values()} == {
        name: row["description"] for name, row in declared.items() if "default" in row
    }


def test_the_settings_of_a_run_name_the_index_and_the_wait() -> None:
    shown = dict(parse_inputs({"INPUT_WAIT_FOR_INDEX": "30", "INPUT_DRY_RUN": "true"}).shown())
    assert (shown["wait-for-index"], shown["dry-run"], shown["skip-existing"]) == ("30 s", "true", "false")
    assert dict(parse_inputs({}).shown())["wait-for-index"] == "default"


_VARIABLES = [name for spec in INPUTS.values() for name in (spec.variable, spec.old_variable) if name]


@given(st.dictionaries(st.sampled_from(_VARIABLES), st.text(max_size=40) | st.sampled_from(["true", "pypi", "v1.0"])))
def test_any_values_are_inputs_or_mistakes_of_the_workflow(environ: dict[str, str]) -> None:
    try:
        found = [fact[0] for fact in parse_inputs(environ).shown()]
    except WorkflowError as mistakes:
        found = [diagnosis.code for diagnosis in mistakes.diagnostics()]
    assert "environment" in found or all(code.startswith("input-") for code in found)
