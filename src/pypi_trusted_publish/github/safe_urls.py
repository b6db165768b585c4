"""To which URLs a token of the job may be sent. Pure."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..loopback import is_loopback_host


def may_carry_tokens(url: str) -> bool:
    """Whether it is https, or http on loopback, with a host and without user information."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback_host(host))
