"""``preview --json``: the whole document, for many kinds of releases."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from builders.pairs import Release, written
from builders.plain_index import PlainIndex
from builders.process import process
from pypi_trusted_publish.cli.main import run
from pypi_trusted_publish.core.manifest import ManifestEntry, manifest_of
from pypi_trusted_publish.core.release_findings import RELEASE_RULES

File = tuple[str, bytes]
OLD = Release(
    requires=["kept", "gone>=1"],
    members={"demo/__init__.py": "v = 1\n", "demo/data.csv": "", "demo/old/a.py": ""},
    scripts="[console_scripts]\ndemo = demo:main\n",
)
NEW = OLD.next(
    requires=["kept", "no-such-project"],
    requires_python=">=3.11",
    members={"demo/__init__.py": "v = 2\n", "tests/a.py": "", "demo/key.pem": ""},
    sources={"demo/__init__.py": "v = 2\n"},
    scripts="",
)
OTHER = Release(name="other", members={"other.py": ""})
NO_TESTS = ("--ignore", "content-top-level-tests")


def preview(tmp_path: Path, before: Sequence[File], after: Sequence[File], *options: str) -> dict[str, Any]:
    with PlainIndex() as index:
        index.add(*before, *Release(name="kept").built("py3-none-any"))
        out = io.StringIO()
        dist = str(written(tmp_path / "dist", after))
        assert run(["preview", "--against", index.url, "--json", *options, dist], process(stdout=out)) in {0, 3}
    document = json.loads(out.getvalue())
    require_form(document, dict(after))
    assert isinstance(document, dict)
    return document


def keys(value: object, *names: str) -> Any:
    assert isinstance(value, dict)
    assert list(value) == list(names)
    return value


def texts(value: object) -> list[str]:
    assert isinstance(value, list)
    assert all(isinstance(each, str) for each in value)
    return value


def require_form(document: object, ours: dict[str, bytes]) -> None:
    """Exactly what the documentation lists."""
    whole = keys(document, "manifest", "distributions", "projects")
    entries = [ManifestEntry(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in ours.items()]
    assert whole["manifest"] == str(manifest_of(entries))
    assert [each["filename"] for each in whole["distributions"]] == sorted(ours)
    for project in whole["projects"]:
        require_project(project, set(ours))


def require_project(value: object, ours: set[str]) -> None:
    project = keys(
        value,
        *("name", "version", "baseline", "files", "sizes", "metadata", "contents", "room", "not_compared", "findings"),
    )
    assert isinstance(project["name"], str)
    assert isinstance(project["version"], str)
    if project["baseline"] is not None:
        baseline = keys(project["baseline"], "version", "files")
        assert (type(baseline["version"]), type(baseline["files"])) == (str, int)
    files = keys(project["files"], "kept", "new", "lost")
    listed = [*texts(files["kept"]), *texts(files["new"])]
    assert set(listed) <= ours
    assert len(set(listed)) == len(listed)
    assert set(texts(files["lost"])).isdisjoint(ours)
    for size in project["sizes"]:
        keys(size, "filename", "size", "before")
        assert size["filename"] in ours
        assert type(size["size"]) is int
        assert size["before"] is None or type(size["before"]) is int
    assert isinstance(project["metadata"], dict)
    for change in project["metadata"].values():
        assert keys(change, "before", "after")["before"] != change["after"]
    for pair in project["contents"]:
        keys(pair, "filename", "against", "added", "removed", "changed", "marked")
        assert all(texts(pair[key]) == sorted(pair[key]) for key in ("added", "removed", "changed"))
        assert all(texts(list(keys(mark, "name", "why").values())) for mark in pair["marked"])
        assert any(pair[key] for key in ("added", "removed", "changed"))
    if project["room"] is not None:
        assert all(type(number) is int for number in keys(project["room"], "used", "limit", "releases").values())
    texts(project["not_compared"])
    for finding in project["findings"]:
        keys(finding, "rule", "severity", "message", "hint")
        assert finding["rule"] in RELEASE_RULES
        assert finding["severity"] in {"notice", "warning", "error"}


def test_a_release_with_every_kind_of_note(tmp_path: Path) -> None:
    before = OLD.built("py3-none-any", "cp312-cp312-win_amd64", "sdist")
    (project,) = preview(tmp_path, before, NEW.built("py3-none-any", "sdist"), *NO_TESTS)["projects"]
    assert project["baseline"] == {"version": "1.0", "files": 3}
    assert project["files"] == {"kept": ["demo-1.1-py3-none-any.whl", "demo-1.1.tar.gz"], "new": [], "lost": []}
    assert project["metadata"] == {
        "entry_points": {"before": ["console_scripts: demo = demo:main"], "after": None},
        "requires_dist": {"before": ["kept", "gone>=1"], "after": ["kept", "no-such-project"]},
        "requires_python": {"before": ">=3.8", "after": ">=3.11"},
    }
    assert sorted({finding["rule"] for finding in project["findings"]}) == [
        "release-lost-files",
        "release-narrower",
        "release-new-top-level",
        "release-sdist-differs",
        "requirement-not-found",
    ]
    wheel = next(pair for pair in project["contents"] if pair["filename"].endswith(".whl"))
    assert {mark["name"]: mark["why"] for mark in wheel["marked"]} == {
        "demo/old": "a folder with modules is gone",
        "demo/data.csv": "a data file is gone",
        "tests": "a new top-level name",
        "demo/key.pem": "looks like a secret",
    }
    assert project["room"]["limit"] == 10 * 1024**3
    assert project["not_compared"] == []


SETS: dict[str, tuple[Sequence[File], Sequence[File], tuple[str, ...]]] = {
    "a first release": ([], OLD.built("py3-none-any", "sdist"), ()),
    "an sdist alone": (OLD.built("sdist"), NEW.built("sdist"), ()),
    "one wheel": (OLD.built("py3-none-any", "sdist"), NEW.built("py3-none-any"), NO_TESTS),
    "no baseline": (OLD.built("py3-none-any"), NEW.built("py3-none-any"), ("--baseline", "none", *NO_TESTS)),
    "several projects": (OLD.built("sdist"), [*NEW.built("sdist"), *OTHER.built("py3-none-any")], ()),
    "two versions": ([], [*OLD.built("sdist"), *NEW.built("sdist")], ()),
    "an older line": (NEW.built("py3-none-any"), OLD.built("py3-none-any", "sdist"), ()),
    "a pre-release": (OLD.built("sdist"), Release(version="1.1rc1").built("sdist"), ()),
    "a rebuild": (OLD.built("py3-none-any"), OLD.built("py3-none-any"), ()),
}


@pytest.mark.parametrize("case", SETS.values(), ids=SETS)
def test_every_kind_of_set_has_the_form(
    tmp_path: Path, case: tuple[Sequence[File], Sequence[File], tuple[str, ...]]
) -> None:
    before, after, options = case
    document = preview(tmp_path, before, after, *options)
    assert document["projects"]


def test_a_rerun_warns_of_nothing_and_counts_what_is_there(tmp_path: Path) -> None:
    tags = ("cp312-cp312-win_amd64", "cp313-cp313-win_amd64", "sdist")
    before, ours = OLD.built(*tags), OLD.next().built(*tags)
    (project,) = preview(tmp_path, [*before, *ours[1:]], ours[:1])["projects"]
    assert project["baseline"]["version"] == "1.0"
    assert (project["files"]["lost"], project["findings"]) == ([], [])
    used, release = sum(len(data) for _, data in [*before, *ours[1:]]), sum(len(data) for _, data in ours)
    assert project["room"] == {
        "used": used,
        "limit": 10 * 1024**3,
        "releases": (10 * 1024**3 - used) // release,
    }


def test_what_cannot_be_read_is_a_reason_and_the_rest_is_compared(tmp_path: Path) -> None:
    with PlainIndex() as index:
        index.add(*OLD.built("py3-none-any", "sdist"), served_metadata=OLD.metadata())
        index.entries[OLD.wheel()[0]] = {"core-metadata": {"sha256": "0" * 64}, "size": None}
        index.answers[f"/files/{OLD.sdist()[0]}"] = lambda _: (500, {}, b"")
        index.answers["/simple/no-such-project/"] = lambda _: (403, {}, b"")
        out = io.StringIO()
        dist = str(written(tmp_path / "dist", NEW.built("py3-none-any", "sdist")))
        assert run(["preview", "--against", index.url, "--json", *NO_TESTS, dist], process(stdout=out)) == 0
    (project,) = json.loads(out.getvalue())["projects"]
    require_form(json.loads(out.getvalue()), dict(NEW.built("py3-none-any", "sdist")))
    wrong = "what the index serves has another digest than it lists"
    assert project["not_compared"] == [
        f"The core metadata of demo-1.0-py3-none-any.whl could not be read: {wrong}.",
        "The contents of demo-1.0.tar.gz could not be read: 500 Internal Server Error.",
        "The requirement 'no-such-project' was not looked up: 403 Forbidden.",
    ]
    assert project["room"] is None
    assert project["metadata"] == {}
    assert "requirement-not-found" in [finding["rule"] for finding in project["findings"]]  # the index lacks 'kept'


def test_a_file_has_the_pythons_that_the_page_names_before_those_of_the_metadata(tmp_path: Path) -> None:
    old = Release(requires_python=">=3.11")
    with PlainIndex() as index:
        index.add(*old.built("py3-none-any", "cp310-cp310-win32"))
        index.entries[old.wheel()[0]] = {"requires-python": None}
        out = io.StringIO()
        dist = str(written(tmp_path / "dist", old.next().built("py3-none-any")))
        assert run(["preview", "--against", index.url, "--json", dist], process(stdout=out)) == 0
    (project,) = json.loads(out.getvalue())["projects"]
    assert "release-narrower" in [finding["rule"] for finding in project["findings"]], project["findings"]
