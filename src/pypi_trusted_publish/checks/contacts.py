"""E-mail addresses and URLs."""

from __future__ import annotations

import email.utils
import re
from collections.abc import Iterator
from typing import Final

from ..errors import Severity
from ..formatting import quoted
from ..readers.core_metadata import FIELDS, UploadedMetadata
from .model import OBSERVED, Finding, Level, Rule

LABEL_LIMIT: Final = 32
"""Characters of a project URL's label."""

_FIRST_ADDRESS: Final = 10_000
"""Characters of a list of addresses that are read, which include the first address."""
_URL_WINDOW: Final = 64 * 1024
"""Characters of a URL that are checked: the library uses hundreds of bytes for each."""
_SCHEMES: Final = ("http", "https")
PLAIN_URL: Final = re.compile(r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?:/[A-Za-z0-9._~-]*)*(?:#[A-Za-z0-9._~-]*)?")
"""Certainly valid URLs, nearly all; importing the library takes longer than checking a release."""


URL_INVALID: Final = Rule(
    code="url-invalid",
    statement="`Home-page` and `Download-URL` are valid URLs with http or https.",
    source=f"RFC 3986; {OBSERVED}",
    meaning="The index refuses the file.",
    fix="Write the complete URL, beginning with `https://`; square brackets in a query are spelled `%5B` and `%5D`.",
)


def contact_findings(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    """What is wrong with the e-mail addresses and URLs."""
    for field in ("author-email", "maintainer-email"):
        yield from _email(uploaded, field, filename)
    for field in ("home-page", "download-url"):
        url = uploaded.first(field)
        if url is not None and not is_valid_url(url):
            yield URL_INVALID.finding(filename, f"{FIELDS[field].name} is {quoted(url)}: {_url_problem(url)}.")
    yield from _project_urls(uploaded, filename)


EMAIL_INVALID: Final = Rule(
    code="email-invalid",
    statement="A single address in `Author-email` or `Maintainer-email` is valid, and not of a domain that is "
    "reserved for special use (`.local`, `.test`, `.invalid`, `.localhost`, ...).",
    source=f"Core metadata specification, Author-email; {OBSERVED}",
    meaning="The index refuses the file.",
    fix='Write `authors = [{name = "...", email = "..."}]` under `[project]` with an address that exists, or leave '
    "`email` out.",
)


EMAIL_COMMA: Final = Rule(
    code="email-comma",
    statement="A display name with a comma is in quotes.",
    source="RFC 5322, section 3.4",
    meaning="Readers of the metadata read what precedes the comma as an address.",
    fix='Put the display name in quotes: `"Doe, Jane" <jane@example.com>`.',
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
)
EMAIL_IN_LIST: Final = Rule(
    code="email-in-list-invalid",
    statement="The first address of a list is valid.",
    source=f"RFC 5322, section 3.4; {OBSERVED}: it runs Python 3.13 or newer, whose `email.utils.parseaddr` reads no "
    "address from a list",
    meaning="The index accepts the file without checking the addresses of a list, but this one does not work.",
    fix='Write `authors = [{name = "...", email = "..."}]` under `[project]` with addresses that exist.',
    level=Level.DISCOURAGED,
    severity=Severity.WARNING,
    doubtful=True,
)


def _email(uploaded: UploadedMetadata, field: str, filename: str) -> Iterator[Finding]:
    text = uploaded.first(field)
    if text is None:
        return
    address, alone = first_address(text)
    problem = address_problem(address) if address and "[" not in address else ""
    if not problem:
        return
    message = f"{FIELDS[field].name} is {quoted(text)}: {quoted(address)}"
    if alone:
        yield EMAIL_INVALID.finding(filename, f"{message} {problem}.")
    elif "@" in address:
        yield EMAIL_IN_LIST.finding(filename, f"{message} {problem}.", value=text)
    else:
        yield EMAIL_COMMA.finding(filename, f"{message} is read as an address.")


def first_address(text: str) -> tuple[str, bool]:
    """The first address of a list with display names, and whether it is the only one; empty when there is none.

    The index reads an address only where it is the only one and all parentheses (of comments) are closed. Comments
    nested too deeply for the parser are not an address.
    """
    window = text[:_FIRST_ADDRESS]
    try:
        if getattr(email.utils, "supports_strict_parsing", False):
            found = email.utils.getaddresses([window], strict=False)
        else:
            found = email.utils.getaddresses([window])
    except RecursionError:
        return text, True
    return (found[0][1], len(found) == 1) if found and _closes_parentheses(window) else ("", True)


_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\\.', re.DOTALL)


def _closes_parentheses(text: str) -> bool:
    opened = 0
    for character in _QUOTED.sub("", text):
        opened += (character == "(") - (character == ")")
        if opened < 0:
            return False
    return opened == 0


def address_problem(address: str) -> str:
    """Why the index does not accept the address, as a phrase; empty when it does. Does not use the network."""
    import email_validator

    try:
        email_validator.validate_email(address, check_deliverability=False)
    except email_validator.EmailNotValidError:
        reserved = address.rpartition("@")[2].rpartition(".")[2].lower() in email_validator.SPECIAL_USE_DOMAIN_NAMES
        return "is in a domain reserved for special use" if reserved else "is not a valid address"
    return ""


def is_valid_url(url: str) -> bool:
    """Whether the index accepts the URL: RFC 3986 after normalization, http or https, with or without a host."""
    return PLAIN_URL.fullmatch(url[:_URL_WINDOW]) is not None or follows_rfc_3986(url)


def follows_rfc_3986(url: str) -> bool:
    """The same, for every URL."""
    from rfc3986 import exceptions, uri_reference, validators  # type: ignore[import-untyped]

    validator = validators.Validator().allow_schemes(*_SCHEMES).require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(uri_reference(url[:_URL_WINDOW]).normalize())
    except (exceptions.ValidationError, UnicodeEncodeError):
        return False
    return True


def _url_problem(url: str) -> str:
    scheme, colon, _ = url.partition(":")
    if not colon or not scheme.isalnum():
        return "it has no scheme such as https"
    if scheme.lower() not in _SCHEMES:
        return f"the scheme is {scheme!r}, not http or https"
    return "it has characters that are not allowed in that place"


PROJECT_URL_INVALID: Final = Rule(
    code="project-url-invalid",
    statement="A `Project-URL` is a label of 1 to 32 characters, a comma, and a valid URL with http or https.",
    source=f"Core metadata specification, Project-URL; {OBSERVED}",
    meaning="The index refuses the file.",
    fix="Correct the entry under `[project.urls]` (or `project_urls` in `setup.py`, `setup.cfg`).",
)


PROJECT_URL_LABEL_REPEATED: Final = Rule(
    code="project-url-label-repeated",
    statement="No two `Project-URL`s have the same label.",
    source=OBSERVED,
    meaning="The index refuses the file, saying only that project URLs have invalid data.",
    fix="Give each URL a label of its own.",
)


def _project_urls(uploaded: UploadedMetadata, filename: str) -> Iterator[Finding]:
    seen: set[str] = set()
    for text in uploaded.all("project-url"):
        label, comma, url = (part.strip() for part in text.partition(","))
        if label in seen:
            yield PROJECT_URL_LABEL_REPEATED.finding(filename, f"Two Project-URLs have the label {quoted(label)}.")
        seen.add(label)
        if problem := _project_url_problem(label, comma, url):
            yield PROJECT_URL_INVALID.finding(filename, f"Project-URL is {quoted(text)}: {problem}.")


def _project_url_problem(label: str, comma: str, url: str) -> str:
    if not comma:
        return "there is no comma between a label and a URL"
    if not label:
        return "there is no label before the comma"
    if len(label) > LABEL_LIMIT:
        return f"the label has {len(label)} characters, and at most {LABEL_LIMIT} are accepted"
    if not url:
        return "there is no URL after the comma"
    return "" if is_valid_url(url) else _url_problem(url)
