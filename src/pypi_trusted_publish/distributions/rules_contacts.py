"""Rules about e-mail addresses and URLs in core metadata. The checks are in ``contacts.py``."""

from __future__ import annotations

from typing import Final

from ..errors import Severity
from .rule import SEEN, Level, Rule

EMAIL_INVALID: Final = Rule(
    code="email-invalid",
    statement="The first address in `Author-email` and in `Maintainer-email` is valid, and not of a domain that is "
    "reserved for special use (`.local`, `.test`, `.invalid`, `.localhost`, ...).",
    source=f"Core metadata specification, Author-email; {SEEN}",
    meaning="The index refuses the file.",
    fix='Write `authors = [{name = "...", email = "..."}]` under `[project]` with an address that exists, or leave '
    "`email` out.",
)
EMAIL_COMMA: Final = Rule(
    code="email-comma",
    statement="A display name with a comma stands in quotes.",
    source="RFC 5322, section 3.4",
    meaning="Readers of the metadata take what stands before the comma for an address.",
    fix='Put the display name in quotes: `"Doe, Jane" <jane@example.com>`.',
    level=Level.REGRET,
    severity=Severity.WARNING,
)
URL_INVALID: Final = Rule(
    code="url-invalid",
    statement="`Home-page` and `Download-URL` are valid URLs with http or https.",
    source=f"RFC 3986; {SEEN}",
    meaning="The index refuses the file.",
    fix="Write the whole URL, beginning with `https://`; square brackets in a query are spelt `%5B` and `%5D`.",
)
PROJECT_URL_INVALID: Final = Rule(
    code="project-url-invalid",
    statement="A `Project-URL` is a label of 1 to 32 characters, a comma, and a valid URL with http or https.",
    source=f"Core metadata specification, Project-URL; {SEEN}",
    meaning="The index refuses the file.",
    fix="Mend the entry under `[project.urls]` (or `project_urls` in `setup.py`, `setup.cfg`).",
)
PROJECT_URL_LABEL_REPEATED: Final = Rule(
    code="project-url-label-repeated",
    statement="No two `Project-URL`s have the same label.",
    source=SEEN,
    meaning="The index refuses the file, saying only that project URLs have invalid data.",
    fix="Give each URL a label of its own.",
)

RULES: Final = (EMAIL_INVALID, EMAIL_COMMA, URL_INVALID, PROJECT_URL_INVALID, PROJECT_URL_LABEL_REPEATED)
