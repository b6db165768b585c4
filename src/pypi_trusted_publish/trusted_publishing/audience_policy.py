"""Which audience an index may ask for.

The index names the audience of the identity token. A mistyped or hostile index could name that of another service and
use the token there: so the audience of PyPI and TestPyPI is a constant, and any other index may only ask for itself.
"""

from __future__ import annotations

import re
from typing import Final

from ..errors import Diagnosis, IndexRefused
from .tokens import Audience

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
            happened=f"{host} asks for an identity token for the audience {name!r}{_instead(expected)}.",
            cause="A token for that audience could be used at another service than the one that files are sent to. "
            "The URL of the index is probably mistyped, or the index is set up wrongly.",
            remedy=_remedy(expected, host),
            facts=(("audience", name), ("index", host)),
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


def _remedy(expected: str | None, host: str) -> str:
    if expected is not None:
        return (
            "Check what stands between this job and the index (a proxy, a changed trust store); nothing was requested."
        )
    return (
        f"Check the input 'repository-url'. When it is right, the index must ask for its own host name ({host}) "
        "or for a single word of lower-case letters, digits and dashes that belongs to no other service."
    )
