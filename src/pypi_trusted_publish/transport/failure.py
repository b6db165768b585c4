"""Why a request got no answer, in our own words."""

from __future__ import annotations

import enum
from typing import Literal, TypeAlias

BodySent: TypeAlias = Literal["no", "partly", "wholly"]
"""How much of the request's body the network took before it failed; ``wholly`` makes the failure ambiguous."""


class FailureKind(str, enum.Enum):
    """What broke. The retry table is drawn by these."""

    CONNECT = "connect"
    """No connection: name unknown, refused, unreachable, or too slow."""
    TLS = "tls"
    """The handshake failed for another reason than the certificate."""
    CERTIFICATE = "certificate"
    """The certificate could not be verified."""
    PROXY = "proxy"
    """The proxy refused to open a tunnel."""
    STALLED = "stalled"
    """The other side stopped taking our bytes."""
    TIMEOUT = "timeout"
    """No byte of an answer within the read time-out, or no whole answer within the deadline."""
    RESET = "reset"
    """The connection ended without a byte of an answer."""
    TRUNCATED = "truncated"
    """The answer began and did not end."""
    MALFORMED = "malformed"
    """What came is not HTTP, or its head is beyond every bound."""
    FORBIDDEN = "forbidden"
    """We do not send it: plain http off loopback, or a URL that is none."""
    ABORTED = "aborted"
    """The run is ending; :meth:`Session.abort` closed the connection."""


class TransportFailure(Exception):
    """A request got no answer that can be used.

    ``phrase`` is ours and holds no secret. ``status`` and ``heard`` are what the first line of a malformed answer gave
    away, if it gave away anything; ``heard`` is foreign text.
    """

    def __init__(
        self,
        kind: FailureKind,
        phrase: str,
        *,
        body_sent: BodySent = "no",
        status: int | None = None,
        heard: str = "",
    ) -> None:
        super().__init__(phrase)
        self.kind = kind
        self.phrase = phrase
        self.body_sent: BodySent = body_sent
        self.status = status
        self.heard = heard
