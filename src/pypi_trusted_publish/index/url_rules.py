"""What a URL in an input must look like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..loopback import is_loopback_host

if TYPE_CHECKING:
    from urllib.parse import SplitResult


_OR_SHORT: Final = {"repository-url": ", or be one of the words pypi and testpypi"}


class UnusableUrl(ValueError):
    """A URL that cannot be that of an index. The reason never quotes the URL, which may hold credentials."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def checked_url(text: str, field: str) -> SplitResult:
    """The parts of an https URL (or http on loopback) without user information, query and fragment.

    ``field`` is the input that holds it. Raises UnusableUrl.
    """
    if not text.isprintable() or " " in text or "\\" in text:
        raise UnusableUrl(f"{field} holds a blank, a backslash or an unprintable character")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UnusableUrl(f"{field} is no URL") from None
    if "@" in parts.netloc:
        raise UnusableUrl(f"{field} holds a user name or a password: this action needs none, remove it")
    if "?" in text or "#" in text:
        raise UnusableUrl(f"{field} holds a query or a fragment: an index has neither")
    if parts.scheme not in {"http", "https"} or not host:
        raise UnusableUrl(f"{field} must begin with https://" + _OR_SHORT.get(field, ""))
    if parts.scheme == "http" and not is_loopback_host(host):
        raise UnusableUrl(f"{field} begins with http://: only https is spoken, except on this machine")
    if not host.isascii():
        raise UnusableUrl(f"{field} has a host name that is not ASCII: write it as punycode (xn--...)")
    return parts


def authority(parts: SplitResult) -> str:
    """Host and port as they belong into a URL, in lower case; a default port is left out."""
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    return shown if parts.port in {None, default} else f"{shown}:{parts.port}"
