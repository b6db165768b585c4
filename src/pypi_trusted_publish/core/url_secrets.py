"""What a URL contains that must not be printed. Needs no packages, because it runs before they are installed.

A password that holds `/`, `?`, `#` or `@` has to be percent-encoded. If it is not, no client reads the URL as intended,
but all of them quote it in their errors; so it is found here too.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_SHORTEST_TOKEN: Final = 16
_SHORTEST_PASSWORD: Final = 3
"""Characters. Masking fewer would hide half of the log, and they could be guessed from it anyway."""
_AUTHORITY: Final = re.compile(r"[^/?#]*")
_ADDRESS: Final = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(:[0-9]*)?")
_OF_USERINFO: Final = "!$&'()*+,;=:@/?#"
"""Characters that some clients leave as they are when they encode a URL once more."""


def secrets_in_url(url: str) -> tuple[str, ...]:
    """``user:password``, the password (or a user without one), and possible tokens in path and query, in all spellings.

    The longest text is first. ``url`` may lack its scheme, as a proxy may.
    """
    _, _, rest = _split(url)
    found: list[str] = []
    readings = _user_information(rest)
    for information in readings:
        user, _, password = information.partition(":")
        secret = password or user
        if len(unquote(secret)) >= _SHORTEST_PASSWORD:
            found += _spellings(secret)
        if may_be_token(user):
            found += _spellings(user)
        if password:
            found += [*_spellings(information), _basic(user, password)]
        else:
            found.append(_basic(user, ""))
    outside = rest[len(readings[0]) + 1 :] if readings else rest
    for part in re.split(r"[/?&=#;]", outside.partition("/")[2] or outside.partition("?")[2]):
        if may_be_token(part):
            found += _spellings(part)
    return longest_first(found)


def may_be_token(text: str) -> bool:
    """Whether it has 16 or more characters, including digits.

    Shorter words such as ``simple`` do not count, because masking them would hide half of the log.
    """
    return len(text) >= _SHORTEST_TOKEN and re.search("[0-9]", text) is not None


def origin_of(url: str) -> str:
    """Scheme, host and port, which may be printed; the scheme may be missing."""
    scheme, separator, rest = _split(url)
    readings = _user_information(rest)
    address = rest[len(readings[0]) + 1 :] if readings else rest
    return scheme + separator + _AUTHORITY.match(address)[0]  # type: ignore[index]  # it matches anything


def longest_first(texts: Iterable[str]) -> tuple[str, ...]:
    """Each text once, in an order in which none is replaced by a part of it."""
    return tuple(sorted(dict.fromkeys(texts), key=len, reverse=True))


def _split(url: str) -> tuple[str, str, str]:
    """The scheme, perhaps empty, what separates it, and the rest."""
    scheme, separator, rest = url.strip().partition("://")
    return (scheme, separator, rest) if separator else ("", "", scheme)


def _user_information(rest: str) -> list[str]:
    """What may precede the host in a URL without its scheme, the longest first; more than one when it is ambiguous."""
    authority = _AUTHORITY.match(rest)[0]  # type: ignore[index]  # it matches anything
    inside, _, address = authority.rpartition("@")
    beyond = rest.rpartition("@")[0]
    if len(beyond) <= len(authority):
        return [inside] if inside else []
    parsed = _ADDRESS.fullmatch(address)
    if parsed is None:  # not a host and a port, so this is still the password
        return [beyond]
    if inside:
        return [beyond, inside]
    host, port = parsed[1], parsed[2]
    if host.startswith("[") or host == "localhost":
        return []
    if "." in host:  # a host with a port and a path, or a user and a password that begins with digits
        behind = _AUTHORITY.match(rest, len(beyond) + 1)[0]  # type: ignore[index]  # it matches anything
        is_password = port and (not _is_usual(port) or re.search("[.:]", behind))
        return [beyond] if is_password else []
    return [beyond] if port or may_be_token(beyond) else []


def _is_usual(port: str) -> bool:
    """Whether an index or a proxy may listen on this port, given with its colon."""
    return port in {":80", ":443"} or 1024 <= int(port[1:7] or 0) <= 65535  # noqa: PLR2004  # unprivileged ones


def _spellings(text: str) -> Iterator[str]:
    """As written, decoded, and encoded again as strictly and as loosely as clients do."""
    decoded = unquote(text, errors="surrogateescape")
    yield from (text, decoded)
    for safe in ("", "/", _OF_USERINFO):
        yield quote(decoded, safe=safe, errors="surrogateescape")


def _basic(user: str, password: str) -> str:
    """What is sent in a header."""
    pair = f"{unquote(user)}:{unquote(password)}"
    return base64.b64encode(pair.encode("utf-8", "surrogateescape")).decode("ascii")
