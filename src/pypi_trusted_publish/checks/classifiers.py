"""Trove classifiers.

The list grows on the index first. For a classifier that our table does not have, the index's own list is fetched if
possible; only a classifier that is not in that list either is certainly wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from ..formatting import quoted
from ..readers.core_metadata import UploadedMetadata
from .model import OBSERVED, Finding, Rule, Table

_FIX: Final = "Copy the classifier's exact spelling from the index's list, or remove it from `classifiers`."

KnownClassifiers: TypeAlias = Callable[[], "frozenset[str] | None"]
"""Fetches the index's own list of classifiers; None when it is not available."""

_PRIVATE: Final = "private ::"


CLASSIFIER_DEPRECATED: Final = Rule(
    code="classifier-deprecated",
    statement="No `Classifier` is deprecated.",
    source=OBSERVED,
    meaning="The index refuses the file.",
    fix="Remove it from `classifiers`; it has no replacement.",
)


CLASSIFIER_PRIVATE: Final = Rule(
    code="classifier-private",
    statement="No `Classifier` begins with `Private ::`.",
    source="The index's list of classifiers, which keeps that prefix free so that no file with it can be published",
    meaning="The index refuses the file: the project is marked as not to be published.",
    fix="To publish it anyway, remove the classifier.",
)


def classifier_findings(
    uploaded: UploadedMetadata, filename: str, *, known_classifiers: KnownClassifiers | None = None
) -> Iterator[Finding]:
    """What is wrong with the classifiers."""
    stated = tuple(dict.fromkeys(uploaded.all("classifier")))
    if not stated:
        return
    from trove_classifiers import classifiers, deprecated_classifiers

    unknown: list[str] = []
    for classifier in stated:
        if classifier.lower().startswith(_PRIVATE):
            yield CLASSIFIER_PRIVATE.finding(filename, f"There is the classifier {quoted(classifier)}.")
        elif classifier in deprecated_classifiers:
            successors = deprecated_classifiers[classifier]
            yield CLASSIFIER_DEPRECATED.finding(
                filename, f"The classifier {quoted(classifier)} is deprecated.", _successors(successors)
            )
        elif classifier not in classifiers:
            unknown.append(classifier)
    if unknown:
        yield from _unknown(unknown, filename, known_classifiers)


CLASSIFIER_UNKNOWN: Final = Rule(
    code="classifier-unknown",
    statement="Every `Classifier` is one that the index knows, in its exact spelling.",
    source=f"Core metadata specification, Classifier; {OBSERVED}",
    meaning="The index refuses the file unless its list has grown since then.",
    fix=_FIX,
    table=Table.CLASSIFIERS,
)


CLASSIFIER_NOT_ON_INDEX: Final = Rule(
    code="classifier-not-on-index",
    statement="A `Classifier` that our table does not have is in the list that the index publishes.",
    source=f"Core metadata specification, Classifier; {OBSERVED}",
    meaning="The index refuses the file.",
    fix=_FIX,
)


def _unknown(unknown: list[str], filename: str, known_classifiers: KnownClassifiers | None) -> Iterator[Finding]:
    of_index = known_classifiers() if known_classifiers is not None else None
    for classifier in unknown:
        if of_index is None:
            message = f"Our table does not have the classifier {quoted(classifier)}."
            yield CLASSIFIER_UNKNOWN.finding(filename, message, value=classifier, table_date=_table_date())
        elif classifier not in of_index:
            message = f"The index's own list does not have the classifier {quoted(classifier)}."
            yield CLASSIFIER_NOT_ON_INDEX.finding(filename, message)


def _successors(names: list[str]) -> str | None:
    return f"Use {' or '.join(repr(name) for name in names)} instead." if names else None


def _table_date() -> str:
    """The version of ``trove-classifiers``, which is the date of its list."""
    from importlib import metadata

    try:
        return f"trove-classifiers {metadata.version('trove-classifiers')}"
    except metadata.PackageNotFoundError:
        return "of unknown date"
