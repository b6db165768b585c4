"""The trust store: which certificate authorities are trusted."""

from __future__ import annotations

import os
import re
import ssl
import sys
import threading
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ...errors import Diagnosis, WorkflowError
from ...values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_NO_CHECK_TIME: Final = 0x200000
"""``X509_V_FLAG_NO_CHECK_TIME`` of OpenSSL's x509_vfy.h (since 1.1.0), which the module ``ssl`` does not name."""


@dataclass(frozen=True, kw_only=True)
class Trust:
    """The trust store: ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, else the system's, else certifi's if that is empty.

    On Windows certifi's is added, because the system's lacks the authorities that no program of Windows has needed yet.
    Verification cannot be turned off.
    """

    cert_file: str = ""
    """Path of a PEM file; empty when not set."""
    cert_dir: str = ""
    """Paths of folders with names hashed by OpenSSL, separated as in PATH; empty when not set."""
    dates: bool = True
    """Whether a certificate must be valid today; False only to ask a server for its date, without credentials."""
    _made: list[ssl.SSLContext] = field(default_factory=list, repr=False, compare=False)
    _making: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Trust:
        """Read the two variables of OpenSSL; an empty value means not set."""
        return cls(cert_file=environ.get("SSL_CERT_FILE", ""), cert_dir=environ.get("SSL_CERT_DIR", ""))

    def context(self) -> ssl.SSLContext:
        """A context that verifies certificate and host name; made once.

        Raises WorkflowError if the files in the variables cannot be read.
        """
        with self._making:
            if not self._made:
                self._made.append(self._make())
            return self._made[0]

    def _make(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not self.dates:
            context.verify_flags |= _NO_CHECK_TIME  # the module has no name for the flag
        if self.cert_file or self.cert_dir:
            self._load_named(context)
            return context
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        incomplete = sys.platform == "win32"
        if incomplete or (not context.cert_store_stats()["x509_ca"] and not has_authority(_default_folder())):
            import certifi  # not every run needs it

            context.load_verify_locations(cafile=certifi.where())
        return context

    def _load_named(self, context: ssl.SSLContext) -> None:
        try:
            if self.cert_dir and not any(Path(folder).is_dir() for folder in self.cert_dir.split(os.pathsep)):
                raise NotADirectoryError
            if self.cert_file and not Path(self.cert_file).is_file():  # a pipe would be waited for
                raise FileNotFoundError
            context.load_verify_locations(cafile=self.cert_file or None, capath=self.cert_dir or None)
        except OSError:  # ssl.SSLError is one
            named = [("SSL_CERT_FILE", self.cert_file), ("SSL_CERT_DIR", self.cert_dir)]
            raise WorkflowError(
                Diagnosis(
                    code="trust-store-unreadable",
                    message="The trust store cannot be read: "
                    + ", ".join(f"{name}={value!r}" for name, value in named if value),
                    likely_cause="The variable names a path that does not exist, or a file without PEM certificates.",
                    fix="Correct the variable, or remove it to use the system's trust store.",
                )
            ) from None


def _default_folder() -> str:
    return ssl.get_default_verify_paths().capath or os.devnull


def has_authority(folder: str) -> bool:
    """Whether OpenSSL finds a certificate authority in a folder: only files that are named by a hash count.

    Such a folder may contain other files although no authority is installed: a store for Java, or a self-signed
    certificate of a server.
    """
    try:
        names = sorted(path for path in Path(folder).iterdir() if _HASHED.fullmatch(path.name) and path.is_file())
    except OSError:  # without permission to list it, OpenSSL finds nothing there either
        return False
    return any(_is_authority(path) for path in names)


def _is_authority(path: Path) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except OSError:  # ssl.SSLError is one
        return False
    return context.cert_store_stats()["x509_ca"] > 0
