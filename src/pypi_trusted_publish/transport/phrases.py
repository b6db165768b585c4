"""What the operating system and OpenSSL report, in our own words. Pure."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

_BY_ERRNO: Final[Mapping[int, str]] = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.ECONNABORTED: "connection reset",
    errno.EPIPE: "connection closed by the other side",
    errno.ENETUNREACH: "network unreachable",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ETIMEDOUT: "no answer to the attempt to connect",
    errno.EADDRNOTAVAIL: "address not available",
    errno.EACCES: "connecting is not permitted here",
    errno.EPERM: "connecting is not permitted here",
    errno.EMFILE: "too many open files",
}

_BY_VERIFY_CODE: Final[Mapping[int, str]] = {
    9: "it is not valid yet",
    10: "it has expired",
    18: "it is self-signed",
    19: "its chain ends in a self-signed certificate that is not in the trust store",
    20: "its authority is not in the trust store",
    21: "its authority is not in the trust store",
    23: "it was revoked",
    62: "it is for another host name",
    64: "it is for another address",
}
"""X509_V_ERR_* of OpenSSL's x509_vfy.h (3.x)."""


def os_phrase(error: OSError) -> str:
    """``connection refused`` and the like."""
    if isinstance(error, socket.gaierror):
        return "the host name cannot be resolved"
    if isinstance(error, TimeoutError):
        return "no answer to the attempt to connect"
    number = error.errno
    if number is None:
        return "the connection failed"
    return _BY_ERRNO.get(number, f"the connection failed ({errno.errorcode.get(number, f'error {number}')})")


def certificate_phrase(error: ssl.SSLCertVerificationError) -> str:
    """Why a certificate was not accepted."""
    code = error.verify_code
    return "the certificate was not accepted: " + _BY_VERIFY_CODE.get(code, f"verification failed with code {code}")
