"""The URLs of an index, all derived from the upload URL. The only module that names public hosts."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, urlsplit

from ..sanitize import printable
from ..values import dataclass
from .publisher import IndexInfo

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from packaging.utils import NormalizedName


def is_loopback_address(address: str) -> bool:
    """Whether a numeric address is in 127.0.0.0/8 or ::1 (mapped into IPv6 as well); False for a name."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_loopback


def is_loopback_host(host: str) -> bool:
    """Whether a URL's host is loopback: such an address, or ``localhost`` (whose address is checked again)."""
    bare = host.strip("[]").lower()
    return bare == "localhost" or is_loopback_address(bare)


def is_secure_origin(scheme: str, host: str) -> bool:
    """Whether tokens and files may be sent there: by HTTPS, or by HTTP to this machine."""
    return scheme == "https" or (scheme == "http" and is_loopback_host(host))


_OR_SHORT: Final = {"repository-url": ", or be one of the words pypi and testpypi"}


class UnusableUrl(ValueError):
    """A URL that cannot be used for an index. The reason never quotes the URL, which may contain credentials."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def checked_url(text: str, field: str) -> SplitResult:
    """The parts of an HTTPS URL (or HTTP on loopback) without user information, query and fragment.

    ``field`` is the name of the input. Raises UnusableUrl.
    """
    if not printable(text) or " " in text or "\\" in text:
        raise UnusableUrl(f"{field} contains a space, a backslash or an unprintable character")
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
        if "[" in parts.netloc:
            ipaddress.IPv6Address(_BRACKETED.sub(r"\1", parts.netloc.rpartition("@")[2]))
    except ValueError:
        raise UnusableUrl(f"{field} is not a URL") from None
    if "@" in parts.netloc:
        raise UnusableUrl(f"{field} contains a user name or a password: remove it, this action needs none")
    if "?" in text or "#" in text:
        raise UnusableUrl(f"{field} contains a query or a fragment: an index has neither")
    if parts.scheme not in {"http", "https"} or not host:
        raise UnusableUrl(f"{field} must begin with https://" + _OR_SHORT.get(field, ""))
    if not is_secure_origin(parts.scheme, host):
        raise UnusableUrl(f"{field} begins with http://: only https is allowed, except on this machine")
    if not host.isascii():
        raise UnusableUrl(f"{field} has a host name that is not ASCII: write it as punycode (xn--...)")
    return parts


_BRACKETED: Final = re.compile(r"\[([^\[\]]*)\](?::\d*)?")
"""An IPv6 address with its port. Python 3.10 also accepts other text in and beside the brackets."""


def authority(parts: SplitResult) -> str:
    """Host and port for a URL, in lower case; a default port is left out."""
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    default = 443 if parts.scheme == "https" else 80
    return shown if parts.port in {None, default} else f"{shown}:{parts.port}"


PYPI_UPLOAD: Final = "https://upload.pypi.org/legacy/"
PYPI_SITE: Final = "https://pypi.org"
TESTPYPI_UPLOAD: Final = "https://test.pypi.org/legacy/"
TESTPYPI_SITE: Final = "https://test.pypi.org"
"""PyPI serves uploads and the exchange on one host and everything else on another; TestPyPI serves both on one.
Source: https://docs.pypi.org/api/upload/ and https://docs.pypi.org/api/index-api/, August 2026."""

_PUBLIC_HOSTS: Final = {
    "pypi.org": "pypi",
    "www.pypi.org": "pypi",
    "upload.pypi.org": "pypi",
    "files.pythonhosted.org": "pypi",
    "pypi.python.org": "pypi",
    "upload.pypi.io": "pypi",
    "test.pypi.org": "testpypi",
    "testpypi.python.org": "testpypi",
    "test-files.pythonhosted.org": "testpypi",
}
"""Hosts of known owners, and the short name to use instead."""

PUBLIC_CONCURRENCY: Final = 4
PUBLIC_MOST_CONCURRENCY: Final = 6
"""As many connections as a browser opens to one host; the server code of PyPI accepted seven (August 2026)."""
OTHER_CONCURRENCY: Final = 1
DEFAULT_WAIT: Final = 300.0
"""Seconds for which the read-back waits when the simple index is known."""


@dataclass(frozen=True, kw_only=True)
class IndexUrls:
    """The addresses of one index."""

    name: str
    """``pypi``, ``testpypi``, or the host (with its port) of another index."""
    title: str
    """The display name: ``PyPI``, ``TestPyPI``, or the host."""
    upload_url: str
    origin: str
    """Scheme, host and port of the upload URL: where the exchange is."""
    simple_root: str
    """The simple index, ending in a slash."""
    site: str = ""
    """The web site, without a trailing slash; empty for an unknown index."""
    expected_audience: str | None = None
    """The audience that the index must require; None where it is not fixed."""
    check_url_given: bool = False
    """The simple index was named, not guessed."""

    @classmethod
    def parse(cls, repository_url: str, check_url: str = "") -> IndexUrls:
        """Read the inputs ``repository-url`` and ``check-url``. Raises UnusableUrl."""
        wanted = repository_url.strip() or "pypi"
        known = _KNOWN.get(wanted.lower()) or _KNOWN_UPLOADS.get(wanted) or _KNOWN_UPLOADS.get(f"{wanted}/")
        if known is not None:
            if check_url.strip():
                raise UnusableUrl(f"check-url is only for other indexes: that of {known.title} is known")
            return known
        parts = checked_url(wanted, "repository-url")
        _refuse_public_host(parts.hostname or "")
        origin = f"{parts.scheme}://{authority(parts)}"
        return cls(
            name=authority(parts),
            title=authority(parts),
            upload_url=origin + (parts.path or "/"),
            origin=origin,
            simple_root=_simple_root(check_url, origin),
            check_url_given=bool(check_url.strip()),
        )

    @property
    def audience_url(self) -> str:
        """The endpoint that names the audience of identity tokens."""
        return f"{self.origin}/_/oidc/audience"

    @property
    def mint_url(self) -> str:
        """The endpoint that exchanges an identity token for an upload token."""
        return f"{self.origin}/_/oidc/mint-token"

    @property
    def revoke_url(self) -> str:
        """The endpoint that revokes an upload token."""
        return f"{self.origin}/_/oidc/burn-token"

    @property
    def classifiers_url(self) -> str | None:
        """The index's own list of classifiers, one a line; None where there is none."""
        return f"{self.site}/pypi?%3Aaction=list_classifiers" if self.site else None

    @property
    def is_pypi(self) -> bool:
        """Whether this is PyPI."""
        return self.name == "pypi"

    @property
    def is_testpypi(self) -> bool:
        """Whether this is TestPyPI."""
        return self.name == "testpypi"

    @property
    def is_public(self) -> bool:
        """Whether this is PyPI or TestPyPI, whose behavior is known."""
        return self.is_pypi or self.is_testpypi

    @property
    def host(self) -> str:
        """The host of the upload URL, without port and brackets."""
        return urlsplit(self.upload_url).hostname or ""

    @property
    def is_loopback(self) -> bool:
        """Whether the index is on this machine."""
        return is_loopback_host(self.host)

    @property
    def concurrency(self) -> int:
        """How many files may be sent in parallel at first."""
        return PUBLIC_CONCURRENCY if self.is_public or self.is_loopback else OTHER_CONCURRENCY

    @property
    def most_concurrency(self) -> int:
        """How many files may be sent in parallel once the index has accepted more than :attr:`concurrency` files."""
        return PUBLIC_MOST_CONCURRENCY if self.is_public or self.is_loopback else OTHER_CONCURRENCY

    @property
    def default_wait(self) -> float:
        """Seconds for which the read-back waits by default."""
        return DEFAULT_WAIT if self.is_public or self.check_url_given else 0.0

    @property
    def info(self) -> IndexInfo:
        """What explanations of a refused exchange need."""
        manage = f"{self.site}/manage" if self.site else ""
        return IndexInfo(
            name=self.title,
            expected_audience=self.expected_audience,
            mint_url=self.mint_url,
            project_publishing_page=f"{manage}/project/{{project}}/settings/publishing/" if manage else "",
            pending_publishing_page=f"{manage}/account/publishing/" if manage else "",
        )

    def simple_url(self, project: NormalizedName) -> str:
        """The project's page in the simple index."""
        return f"{self.simple_root}{quote(project, safe='')}/"

    def project_url(self, project: NormalizedName, version: str) -> str:
        """The web page of a release, or the simple index's page if there is none."""
        if not self.site:
            return self.simple_url(project)
        return f"{self.site}/project/{quote(project, safe='')}/{quote(version, safe='')}/"


PYPI: Final = IndexUrls(
    name="pypi",
    title="PyPI",
    upload_url=PYPI_UPLOAD,
    origin=PYPI_UPLOAD.removesuffix("/legacy/"),
    simple_root=f"{PYPI_SITE}/simple/",
    site=PYPI_SITE,
    expected_audience="pypi",
)
TESTPYPI: Final = IndexUrls(
    name="testpypi",
    title="TestPyPI",
    upload_url=TESTPYPI_UPLOAD,
    origin=TESTPYPI_UPLOAD.removesuffix("/legacy/"),
    simple_root=f"{TESTPYPI_SITE}/simple/",
    site=TESTPYPI_SITE,
    expected_audience="testpypi",
)
_KNOWN: Final = {"pypi": PYPI, "testpypi": TESTPYPI}
_KNOWN_UPLOADS: Final = {PYPI_UPLOAD: PYPI, TESTPYPI_UPLOAD: TESTPYPI}


def _refuse_public_host(host: str) -> None:
    """PyPI's upload URL has one spelling. Any other on its hosts is a mistake; a guess could publish by accident."""
    short = _PUBLIC_HOSTS.get(host.lower().rstrip("."))
    if short is not None:
        known = _KNOWN[short]
        raise UnusableUrl(
            f"repository-url names a host of {known.title}, but not its upload URL {known.upload_url}"
            f" (the URL of the simple index?): write {short!r}"
        )


def public_name(text: str) -> str:
    """``pypi`` or ``testpypi`` for a name or any URL of these two, whatever its spelling; empty for anything else."""
    wanted = text.strip().lower()
    host = urlsplit(wanted).hostname if "://" in wanted else None
    return wanted if wanted in _KNOWN else _PUBLIC_HOSTS.get((host or "").rstrip("."), "")


def _simple_root(check_url: str, origin: str) -> str:
    """The simple index: the given one, else the usual place on the upload host."""
    if not check_url.strip():
        return f"{origin}/simple/"
    parts = checked_url(check_url.strip(), "check-url")
    return f"{parts.scheme}://{authority(parts)}{parts.path.rstrip('/')}/"


def may_carry_tokens(url: str) -> bool:
    """Whether it is a URL of a secure origin without user information."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and "@" not in parts.netloc and is_secure_origin(parts.scheme, host or "")
