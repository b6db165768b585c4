"""The exchange of an identity token for an upload token, as bytes in and values out.

Source: the server code of PyPI (Warehouse), August 2026.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

from ..errors import Diagnosis, IndexRefused, IndexUnavailable
from ..secret import TOKEN_PATTERN, Audience, IdentityToken, Secret, UploadToken
from .retry import http_date

MIN_TOKEN: Final = 16
"""Characters. Every place that shows a shorter secret would be masked: ``0`` hides each digit 0 of a log."""

DEFAULT_LIFETIME: Final = 900.0
"""Seconds that a minted token lives on PyPI; counted with when the answer does not say."""


def audience_of(body: bytes) -> str:
    """Read the answer of the audience endpoint: ``{"audience": "..."}`` in UTF-8.

    Raises:
        IndexUnavailable: it is nothing of the kind.

    """
    answer = _json_object(body)
    audience = answer.get("audience") if answer is not None else None
    if isinstance(audience, str):
        return audience
    raise IndexUnavailable(
        Diagnosis(
            code="audience-unreadable",
            message="The index answered 200 to the question for its audience, but names none.",
            likely_cause="Something in front of the index answered in its place (a sign-in "
            "page, a maintenance page, a CDN), "
            "or the upload URL is that of a web site.",
            fix="Check the input 'repository-url'; when it is right, run the failed job again later.",
        )
    )


def mint_request(token: IdentityToken) -> Secret:
    """Write the body of the mint request: JSON in ASCII, with the identity token in it."""
    return Secret(json.dumps({"token": token.secret.reveal()}))


def burn_request(token: UploadToken) -> Secret:
    """Write the body of the request that revokes an upload token: JSON in ASCII."""
    return Secret(json.dumps({"token": token.secret.reveal()}))


def minted_token(body: bytes, *, date_header: str | None, monotonic_now: float) -> UploadToken:
    """Read the answer 200 of the mint endpoint.

    The token's life is ``expires`` minus the answer's ``Date``, both by the server's clock, so that a skewed clock of
    this machine does not matter; 900 s when either is unknown. ``monotonic_now`` is the moment at which the request
    was sent, in seconds on the monotonic clock.

    Raises:
        IndexUnavailable: there is no usable token in it. The answer is never quoted.

    """
    answer = _json_object(body)
    if answer is None:
        raise _unusable("it is no JSON object")
    token = answer.get("token")
    if not isinstance(token, str) or not token:
        raise _unusable("it holds no token")
    if TOKEN_PATTERN.fullmatch(token) is None:
        raise _unusable("its token is not one to 16,384 printable ASCII characters without a blank")
    lifetime = _lifetime(answer.get("expires"), date_header)
    return UploadToken(secret=Secret(token), minted_at=monotonic_now, lifetime=lifetime)


_PREFIXED_TOKEN: Final = re.compile(r"pypi-[A-Za-z0-9_-]{16,}")
_JWT: Final = re.compile(r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+){1,2}")
_TOKEN_FIELD: Final = re.compile(r'"(?:token|value)"\s*:\s*"([^"\s]+)')
_BARE_TOKEN: Final = re.compile(r"\s*([!-;=?-~]{16,16384})\s*")
"""A body that is one word: no blank, and no angle bracket of a page."""
_MOST_TOKENS: Final = 8


def possible_tokens(body: bytes) -> tuple[Secret, ...]:
    """Find what looks like a token in an answer that should not have held one there, at most eight of them.

    A damaged answer of an exchange can hold a valid token: in JSON that is cut off, alone, or in a page.
    """
    text = body.decode("utf-8", "replace")
    found = [match.group() for pattern in (_PREFIXED_TOKEN, _JWT) for match in pattern.finditer(text)]
    found += [match.group(1) for match in _TOKEN_FIELD.finditer(text)]
    answer = _json_object(body) or {}
    found += [value for name in ("token", "value") if isinstance(value := answer.get(name), str)]
    bare = _BARE_TOKEN.fullmatch(text)
    found += [bare.group(1).strip("\"'")] if bare is not None else []
    usable = (token for token in dict.fromkeys(found) if TOKEN_PATTERN.fullmatch(token) and len(token) >= MIN_TOKEN)
    return tuple(Secret(token) for token in usable)[:_MOST_TOKENS]


def _lifetime(expires: object, date_header: str | None) -> float:
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        return DEFAULT_LIFETIME
    date = http_date(date_header)
    if date is None:
        return DEFAULT_LIFETIME
    try:
        lifetime = float(expires) - date
    except OverflowError:
        return DEFAULT_LIFETIME
    return lifetime if math.isfinite(lifetime) and lifetime > 0 else DEFAULT_LIFETIME


def _json_object(body: bytes) -> dict[str, object] | None:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _unusable(why: str) -> IndexUnavailable:
    return IndexUnavailable(
        Diagnosis(
            code="mint-unreadable",
            message=f"The index answered 200 to the request for an upload token, but the answer is not usable: {why}.",
            likely_cause="The index, or something in front of it, has a fault.",
            fix="Run the failed job again; when it stays, tell those who run the index.",
        )
    )


RESERVED: Final = frozenset({"pypi", "testpypi", "sigstore"})
"""Audiences at which a token would be good elsewhere: the two public indexes and Sigstore's certificate authority."""

_WORD: Final = re.compile(r"[a-z0-9-]{1,63}")
_PRINTABLE: Final = re.compile(r"[!-~]{1,255}")


def check_audience(name: str, *, expected: str | None, host: str, is_loopback: bool) -> Audience:
    """Let an audience pass that this index may ask for.

    ``name`` is what the index answered; ``expected`` the constant of PyPI and TestPyPI, None for any other index;
    ``host`` the host name of the upload URL, without a port.

    Raises:
        IndexRefused: it may not; no identity token must be requested.

    """
    if _allowed(name, expected=expected, host=host, is_loopback=is_loopback):
        return Audience(name)
    raise IndexRefused(
        Diagnosis(
            code="audience-not-allowed",
            message=f"{host} asks for an identity token for the audience {name!r}{_instead(expected)}.",
            likely_cause="A token for that audience could be used at another service than "
            "the one that files are sent to. "
            "The URL of the index is probably mistyped, or the index is set up wrongly.",
            fix=_fix(expected, host),
            details=(("audience", name), ("index", host)),
        )
    )


def _allowed(name: str, *, expected: str | None, host: str, is_loopback: bool) -> bool:
    if expected is not None:
        return name == expected
    if is_loopback:
        return _PRINTABLE.fullmatch(name) is not None
    if name.lower() == host.lower():
        return _PRINTABLE.fullmatch(name) is not None
    return _WORD.fullmatch(name) is not None and name not in RESERVED


def _instead(expected: str | None) -> str:
    return "" if expected is None else f" instead of {expected!r}"


def _fix(expected: str | None, host: str) -> str:
    if expected is not None:
        return (
            "Check what stands between this job and the index (a proxy, a changed trust store); nothing was requested."
        )
    return (
        f"Check the input 'repository-url'. When it is right, the index must ask for its own host name ({host}) "
        "or for a single word of lower-case letters, digits and dashes that belongs to no other service."
    )
