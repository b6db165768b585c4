"""Which hosts are this machine. Pure."""

from __future__ import annotations

import ipaddress


def is_loopback_address(address: str) -> bool:
    """Whether a numeric address is in 127.0.0.0/8 or ::1 (mapped into IPv6 as well); False for a name."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def is_loopback_host(host: str) -> bool:
    """Whether a URL's host says loopback: such an address, or ``localhost`` (whose address is checked again)."""
    bare = host.strip("[]").lower()
    return bare == "localhost" or is_loopback_address(bare)
