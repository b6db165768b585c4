"""When a request is sent again: which request, which failure, how often, how long, and why that is safe. A table.

The decisions are here alone; :mod:`..io.retrying` carries them out. Times in seconds.
"""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


def http_date(text: str | None) -> float | None:
    """Seconds since the epoch of a date such as ``Fri, 15 Jan 2027 08:00:00 GMT``; None for anything else."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):  # the last: a year beyond every integer
        return None


class RequestKind(str, enum.Enum):
    """What is asked; the values are what users read."""

    IDENTITY = "identity token"
    AUDIENCE = "audience"
    MINT = "mint"
    REVOKE = "revoke"
    PROJECT_PAGE = "project page"
    READ_BACK = "project page, read back"
    CLASSIFIERS = "list of classifiers"
    UPLOAD = "upload"


class RetryReason(str, enum.Enum):
    """What came instead of an answer that decides; the values are what users read."""

    CONNECT = "no connection"
    TLS = "TLS handshake failed"
    CERTIFICATE = "certificate not accepted"
    PROXY = "proxy refused"
    STALLED = "the other side stopped reading"
    TIMEOUT = "no answer in time"
    RESET_BEFORE_BODY = "connection reset before the body was sent"
    RESET_AFTER_BODY = "connection reset after the body was sent"
    TRUNCATED = "answer cut short"
    NOT_HTTP = "answer is not HTTP"
    NOT_HTTP_REFUSAL = "answer is not HTTP, but begins with a status of 4xx"
    STATUS_408 = "408 Request Timeout"
    STATUS_425 = "425 Too Early"
    STATUS_429 = "429 Too Many Requests"
    STATUS_5XX = "500, 502, 503, 504 or another 5xx"
    HTML = "HTML where JSON is due"
    MALFORMED_JSON = "malformed JSON"
    PENDING_PUBLISHER = "invalid-pending-publisher"
    FORBIDDEN = "not sent: not allowed by our own rules"
    ABORTED = "the run is ending"


_NEVER: Final = frozenset(
    {
        RetryReason.CERTIFICATE,
        RetryReason.NOT_HTTP_REFUSAL,
        RetryReason.FORBIDDEN,
        RetryReason.ABORTED,
        RetryReason.PENDING_PUBLISHER,
    }
)
_TRANSIENT: Final = frozenset(RetryReason) - _NEVER


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How one kind of request is repeated."""

    tries: int
    """In all, the first one included."""
    patience: float
    """The longest that all waits together may take; a wait beyond it is not begun."""
    safe: str
    """Why a repeat does no harm."""
    first_wait: float = 1.0
    """Before the second try; doubled for each further one, and shortened by up to a half at random."""
    longest_wait: float = 30.0
    retried: frozenset[RetryReason] = _TRANSIENT
    once: frozenset[RetryReason] = frozenset()
    """Reasons for which there is one more try only."""
    confidential: bool = False
    """The answer may hold a token, whatever its status and type: its body is never quoted."""


POLICIES: Final[Mapping[RequestKind, Policy]] = MappingProxyType(
    {
        RequestKind.IDENTITY: Policy(
            tries=5,
            patience=120.0,
            safe="each answer is a new token and changes nothing",
            confidential=True,
        ),
        RequestKind.AUDIENCE: Policy(tries=4, patience=60.0, safe="it only reads"),
        RequestKind.MINT: Policy(
            tries=4,
            patience=120.0,
            safe="every try takes a fresh identity token, one at a time; a token lost on its way runs out by itself",
            retried=_TRANSIENT | {RetryReason.PENDING_PUBLISHER},
            once=frozenset({RetryReason.PENDING_PUBLISHER}),
            confidential=True,
        ),
        RequestKind.REVOKE: Policy(
            tries=2,
            patience=20.0,
            safe="a token that is revoked stays revoked; one that is not runs out by itself",
            confidential=True,
        ),
        RequestKind.PROJECT_PAGE: Policy(tries=4, patience=90.0, safe="it only reads"),
        RequestKind.READ_BACK: Policy(tries=2, patience=5.0, safe="it only reads, and whoever waits looks again"),
        RequestKind.CLASSIFIERS: Policy(tries=2, patience=20.0, safe="it only reads"),
        RequestKind.UPLOAD: Policy(
            tries=6,
            patience=600.0,
            first_wait=2.0,
            longest_wait=60.0,
            safe="the index takes a file whole or not at all, and the same bytes again are not an error",
            retried=_TRANSIENT - {RetryReason.HTML, RetryReason.MALFORMED_JSON},
        ),
    }
)


@dataclass(frozen=True, kw_only=True)
class RetryRule:
    """One decision of the table."""

    request: RequestKind
    reason: RetryReason
    tries: int
    """In all; 1 means never again."""
    first_wait: float
    longest_wait: float
    patience: float
    why: str
    """Why it is safe to repeat, or why there is no point."""


_POINTLESS: Final[Mapping[RetryReason, str]] = MappingProxyType(
    {
        RetryReason.CERTIFICATE: "the certificate will be the same the next time",
        RetryReason.NOT_HTTP_REFUSAL: "the index has decided, however it spelled its answer",
        RetryReason.FORBIDDEN: "our own rule says no every time",
        RetryReason.ABORTED: "the run is ending",
        RetryReason.PENDING_PUBLISHER: "only a mint is answered so",
    }
)


def retry_rule(request: RequestKind, reason: RetryReason) -> RetryRule:
    """The decision for a failure of a request."""
    policy = POLICIES[request]
    again = reason in policy.retried
    tries = min(policy.tries, 2) if reason in policy.once else policy.tries
    return RetryRule(
        request=request,
        reason=reason,
        tries=tries if again else 1,
        first_wait=policy.first_wait,
        longest_wait=policy.longest_wait,
        patience=policy.patience,
        why=policy.safe if again else _POINTLESS.get(reason, "the status decides, whatever the body is"),
    )


def wait_before_next(
    rule: RetryRule, *, attempt: int, waited: float, jitter: float, retry_after: float | None = None
) -> float | None:
    """How long to wait after the failure of try number ``attempt`` (from 1); None: do not try again.

    ``waited`` is the sum of the waits so far, ``jitter`` a random number in [0, 1), ``retry_after`` what the server
    asked for: it is honored as long as patience allows.
    """
    if attempt >= rule.tries:
        return None
    longest = min(rule.first_wait * 2.0 ** (attempt - 1), rule.longest_wait)
    wait = longest * (1 - jitter / 2)
    if retry_after is not None:
        wait = max(wait, retry_after)
    return wait if waited + wait <= rule.patience else None


def reason_of_status(status: int) -> RetryReason | None:
    """Why an answer of this status is asked for again; None when it decides."""
    if status >= 500:  # noqa: PLR2004  # the class of server errors
        return RetryReason.STATUS_5XX
    return _STATUSES.get(status)


_STATUSES: Final = {408: RetryReason.STATUS_408, 425: RetryReason.STATUS_425, 429: RetryReason.STATUS_429}


def retry_after(header: str | None, *, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for (a number, or a date beside ``now``); None for neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    moment = http_date(text)
    return None if moment is None else max(0.0, moment - now)
