"""Which proxy a connection goes through, as the environment says. Pure: the environment is handed in."""

from __future__ import annotations

import base64
import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from ...core.urls import is_loopback_host
from ...errors import Diagnosis, WorkflowError
from ...secret import Secret
from ...values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_VARIABLES: Final = ("https_proxy", "all_proxy", "http_proxy")
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Proxy:
    """An HTTP proxy that opens tunnels."""

    scheme: str
    """``http`` or ``https``: how the proxy itself is spoken to."""
    host: str
    port: int
    user: Secret | None = None
    password: Secret | None = None


@dataclass(frozen=True, kw_only=True)
class Proxies:
    """The proxy for https, and the hosts that need none. Plain http goes to loopback only and never through a proxy."""

    https: Proxy | None = None
    bypass: tuple[str, ...] = ()
    """Entries of ``no_proxy``, lower case."""
    consumed: tuple[str, ...] = ()
    """The variables that carry credentials: to be deleted once they have been read."""
    _secrets: tuple[Secret, ...] = ()

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Proxies:
        """Read ``https_proxy``, ``all_proxy`` and ``no_proxy`` in both cases, the lower one first.

        ``http_proxy`` is read only for the credentials in it. Raises WorkflowError for a proxy that we cannot use;
        the value is not quoted.
        """
        named = {name: _value(environ, name) for name in _VARIABLES}
        chosen = next((name for name in _VARIABLES[:2] if named[name]), None)
        carriers = [
            (key, value)
            for name in _VARIABLES
            for key in (name, name.upper())
            if "@" in (value := environ.get(key, ""))
        ]
        return cls(
            https=_parse(chosen, named[chosen]) if chosen else None,
            bypass=tuple(entry.lower() for entry in _value(environ, "no_proxy").replace(",", " ").split()),
            consumed=tuple(key for key, _ in carriers),
            _secrets=tuple(dict.fromkeys(secret for _, value in carriers for secret in _credentials(value))),
        )

    def secrets(self) -> tuple[Secret, ...]:
        """Everything in the variables that must not be printed."""
        return self._secrets

    def proxy_for(self, host: str, port: int) -> Proxy | None:
        """The proxy for an https connection to ``host``; None for a direct one."""
        if self.https is None or is_loopback_host(host):
            return None
        if any(_matches(entry, host.strip("[]").lower(), port) for entry in self.bypass):
            return None
        return self.https


def _value(environ: Mapping[str, str], name: str) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _parse(name: str, value: str) -> Proxy:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        raise _unusable(name, "it is no URL") from None
    if parts.scheme not in _PORTS:
        raise _unusable(name, "only http:// and https:// proxies are supported")
    if not host:
        raise _unusable(name, "it names no host")
    if not host.isascii():
        raise _unusable(name, "its host has letters beyond ASCII, and is not in the form xn--")
    return Proxy(
        scheme=parts.scheme,
        host=host,
        port=port or _PORTS[parts.scheme],
        user=None if parts.username is None else Secret(unquote(parts.username)),
        password=None if parts.password is None else Secret(unquote(parts.password)),
    )


def _credentials(value: str) -> tuple[Secret, ...]:
    """What stands before the last ``@``: as a whole, its parts as they are and decoded, and what is sent."""
    userinfo = value.partition("://")[2] or value
    userinfo = userinfo.rpartition("@")[0]
    user, _, password = userinfo.partition(":")
    sent = (
        base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode("utf-8", "surrogateescape")).decode("ascii")
        if userinfo
        else ""
    )
    found = (userinfo, password, unquote(password), sent) if password else (userinfo, unquote(userinfo), sent)
    return tuple(Secret(text) for text in dict.fromkeys(found) if text)


def _matches(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isascii() and wanted.isdigit() and ":" not in name:
        return int(wanted) == port and _matches(name, host, port)
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        bare = entry.removeprefix("*").removeprefix(".")
        return bool(bare) and (host == bare or host.endswith("." + bare))


def _unusable(name: str, why: str) -> WorkflowError:
    return WorkflowError(
        Diagnosis(
            code="proxy-unusable",
            message=f"The proxy in the environment variable {name} cannot be used: {why}.",
            fix=f"Set {name} to http://HOST:PORT, or list the index's host in no_proxy.",
        )
    )
