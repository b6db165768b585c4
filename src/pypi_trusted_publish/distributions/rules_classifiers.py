"""Rules about trove classifiers. The checks are in ``classifiers.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule, Table

_FIX: Final = "Take the classifier's exact spelling from the index's list, or take it out of `classifiers`."

CLASSIFIER_UNKNOWN: Final = Rule(
    code="classifier-unknown",
    statement="Every `Classifier` is one that the index knows, spelt exactly so.",
    source=f"Core metadata specification, Classifier; {SEEN}",
    meaning="The index refuses the file, unless its list has grown since.",
    fix=_FIX,
    table=Table.CLASSIFIERS,
)
CLASSIFIER_NOT_ON_INDEX: Final = Rule(
    code="classifier-not-on-index",
    statement="A `Classifier` that our table does not know stands in the list that the index publishes.",
    source=f"Core metadata specification, Classifier; {SEEN}",
    meaning="The index refuses the file.",
    fix=_FIX,
)
CLASSIFIER_DEPRECATED: Final = Rule(
    code="classifier-deprecated",
    statement="No `Classifier` is deprecated.",
    source=SEEN,
    meaning="The index refuses the file.",
    fix="Take it out of `classifiers`; nothing has replaced it.",
)
CLASSIFIER_PRIVATE: Final = Rule(
    code="classifier-private",
    statement="No `Classifier` begins with `Private ::`.",
    source="The index's list of classifiers, which keeps that prefix free so that no file with it can be published",
    meaning="The index refuses the file: somebody marked the project as not to be published.",
    fix="If it shall be published after all, take the classifier out.",
)

RULES: Final = (CLASSIFIER_UNKNOWN, CLASSIFIER_NOT_ON_INDEX, CLASSIFIER_DEPRECATED, CLASSIFIER_PRIVATE)
