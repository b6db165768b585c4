"""How a problem is told before there is anything to tell it with: lines, an annotation, a paragraph of summary.

Standard library only: ``bootstrap.py`` runs this when the packages could not be installed. Everything else that is
told goes through the transcript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..errors import Diagnosis
from ..sanitize import clean


def lines(diagnosis: Diagnosis) -> list[str]:
    """Tell the whole of it for a log, cleaned, without line ends."""
    parts = [diagnosis.message, diagnosis.likely_cause, diagnosis.fix, *diagnosis.snippet.splitlines()]
    parts += [f"{name}: {value}" for name, value in diagnosis.details]
    return [clean(part) for part in parts if part]


def annotation(diagnosis: Diagnosis) -> str:
    """Make the problem an error of the run: a workflow command on one line, at most 4,000 characters of text."""
    text = " ".join(part for part in (diagnosis.message, diagnosis.likely_cause, diagnosis.fix) if part)
    message = clean(text)[:4000].replace("%", "%25")
    return f"::error title=pypi-trusted-publish {diagnosis.code}::{message}"


def summary(diagnosis: Diagnosis) -> str:
    """Tell it in Markdown for the job summary; all that may be foreign stands in a code block."""
    code = "\n".join("    " + line for line in lines(diagnosis))
    return f"### Nothing was published: the action could not start\n\n{code}\n\nSee `{diagnosis.read_more}`.\n"
