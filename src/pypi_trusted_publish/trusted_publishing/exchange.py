"""The exchange of an identity token for an upload token, as bytes in and values out.

Source: the server code of PyPI (Warehouse), August 2026.
"""

from __future__ import annotations

import json
import math
from typing import Final

from ..errors import Diagnosis, IndexUnavailable
from ..http_date import http_date
from ..secret import Secret
from .tokens import TOKEN_PATTERN, IdentityToken, UploadToken

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
            happened="The index answered 200 to the question for its audience, but names none.",
            cause="Something in front of the index answered in its place (a sign-in page, a maintenance page, a CDN), "
            "or the upload URL is that of a web site.",
            remedy="Check the input 'repository-url'; when it is right, run the failed job again later.",
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
            happened=f"The index answered 200 to the request for an upload token, but the answer is not usable: {why}.",
            cause="The index, or something in front of it, has a fault.",
            remedy="Run the failed job again; when it stays, tell those who run the index.",
        )
    )
