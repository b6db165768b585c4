"""Rules about the description. The checks are in ``description.py`` and ``content_type.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule

DESCRIPTION_WITHOUT_TYPE: Final = (
    'If the README is Markdown, say so with `readme = "README.md"` under `[project]`, or '
    '`long_description_content_type="text/markdown"` in `setup.py`. If it is reStructuredText, mend that line.'
)

DESCRIPTION_INDENTED: Final = (
    "Build with a current setuptools: it puts the description behind the headers, as it is, and no longer into an "
    "indented `Description` header."
)

CONTENT_TYPE_INVALID: Final = Rule(
    code="description-content-type",
    statement="`Description-Content-Type` is `text/plain`, `text/x-rst` or `text/markdown`, in UTF-8, and a Markdown "
    "variant is `GFM` or `CommonMark`.",
    source="Core metadata specification, Description-Content-Type",
    meaning="The index refuses the file.",
    fix='Name the README\'s file under `[project]` as `readme = "README.md"` or `readme = "README.rst"`: the backend '
    "derives the type from it.",
)
DESCRIPTION_BLANK: Final = Rule(
    code="description-blank",
    statement="A description that is there shows something, unless it is plain text.",
    source=SEEN,
    meaning="The index refuses the file, saying that the description failed to render.",
    fix="Write the README, or take `readme` out of `[project]`.",
)
DESCRIPTION_NOT_RENDERED: Final = Rule(
    code="description-not-rendered",
    statement="A reStructuredText description renders without errors and warnings of docutils; Sphinx's roles and "
    "directives, included files and raw HTML are not taken.",
    source=SEEN,
    meaning="The index refuses the file; its message names no line.",
    fix="Mend the README at the line named; `docutils --halt=2 README.rst` shows the same problem.",
)
RULES: Final = (CONTENT_TYPE_INVALID, DESCRIPTION_BLANK, DESCRIPTION_NOT_RENDERED)
