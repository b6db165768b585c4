from __future__ import annotations

from importlib import metadata

import pytest

from builders.metadata import FILENAME, metadata_bytes
from pypi_trusted_publish.checks.metadata import metadata_findings
from pypi_trusted_publish.checks.model import Finding
from pypi_trusted_publish.readers.core_metadata import read_core_metadata

NEW = "Programming Language :: Python :: 4"


class Index:
    """An index with a list of classifiers, or one that does not answer; counts how often it is asked."""

    def __init__(self, listed: frozenset[str] | None) -> None:
        self.listed = listed
        self.asked = 0

    def __call__(self) -> frozenset[str] | None:
        self.asked += 1
        return self.listed


def findings(index: Index | None, *classifiers: str) -> list[Finding]:
    read = read_core_metadata(metadata_bytes(*(("Classifier", name) for name in classifiers)))
    return list(metadata_findings(read, FILENAME, known_classifiers=index))


def test_a_classifier_that_our_table_does_not_know_is_reported_with_the_version_of_the_table() -> None:
    (finding,) = findings(None, NEW)
    assert finding.rule == "classifier-unknown"
    assert metadata.version("trove-classifiers") in finding.hint


def test_the_index_itself_is_asked_for_what_our_table_does_not_know() -> None:
    assert findings(Index(frozenset({NEW})), NEW) == []


def test_what_the_index_does_not_list_either_is_wrong_for_certain() -> None:
    (finding,) = findings(Index(frozenset({"Typing :: Typed"})), NEW)
    assert finding.rule == "classifier-not-on-index"


def test_our_table_decides_when_the_index_does_not_answer() -> None:
    (finding,) = findings(Index(None), NEW)
    assert finding.rule == "classifier-unknown"


def test_the_index_is_not_asked_when_our_table_knows_all() -> None:
    index = Index(frozenset())
    assert findings(index, "Typing :: Typed", "Programming Language :: Python :: 3") == []
    assert index.asked == 0


def test_the_index_is_asked_once_for_many() -> None:
    index = Index(None)
    assert len(findings(index, NEW, NEW + " :: Only", NEW)) == 2
    assert index.asked == 1


def test_a_deprecated_classifier_is_reported_with_its_successors() -> None:
    (finding,) = findings(None, "Natural Language :: Ukranian")
    assert "'Natural Language :: Ukrainian'" in finding.hint


def test_a_deprecated_classifier_without_successor_shall_go() -> None:
    (finding,) = findings(None, "License :: OSI Approved :: Jabber Open Source License")
    assert "it has no replacement" in finding.hint


def test_a_private_classifier_is_never_asked_for() -> None:
    index = Index(frozenset({"private :: mine"}))
    (finding,) = findings(index, "private :: mine")
    assert (finding.rule, index.asked) == ("classifier-private", 0)


def test_a_table_without_a_version_still_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_version(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", no_version)
    (finding,) = findings(None, NEW)
    assert "of unknown date" in finding.hint
