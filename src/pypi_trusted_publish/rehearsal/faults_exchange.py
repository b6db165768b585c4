"""Faults of the exchange: audience, mint, burn."""

from __future__ import annotations

from typing import Final

from . import plays
from .exchange import NO_PUBLISHER
from .fault import Ending, Fault, Play, Scene
from .fault_kinds import hanging, lasting, passing, slow
from .publishers import PendingPublisher
from .traffic import Endpoint

_JSON: Final = "application/json"
_TRUNCATED: Final = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{"succ'
_ENDLESS: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n"

INVALID_PUBLISHER_REASONS: Final = {
    "not-found": "Publisher with matching claims was not found",
    "no-workflow": "Could not extract workflow filename from OIDC claims",
    "missing-claim": "Missing claim 'job_workflow_ref'",
    "owner": "Check failed for required claim 'repository_owner'",
    "event": "Check failed for required claim 'event_name'",
    "environment": "Check failed for optional claim 'environment'",
    "no-ref": "The ref and sha claims are empty",
    "workflow-ref": (
        "The job_workflow_ref claim does not match, expecting one of "
        "['octo-org/sampleproject/.github/workflows/release.yml@refs/tags/v1.0.0'], "
        "got 'octo-org/sampleproject/.github/workflows/release.yml@refs/heads/main'"
    ),
}
"""The reasons that PyPI gives in parentheses (public server code, 2026-08), by our short names."""

_OTHER_CODES: Final = (
    ("not-enabled", "GitHub-based trusted publishing functionality not enabled", Ending.UNAVAILABLE),
    ("invalid-payload", "unknown trusted publishing issuer", Ending.REFUSED),
    ("invalid-token", "malformed or invalid token", Ending.REFUSED),
    ("invalid-reuse-token", "invalid token: already used", Ending.UNAVAILABLE),
)


def _let_pending_publisher_be_outrun(scene: Scene) -> None:
    """Somebody else has made the project; a publisher for it is registered beside the pending one."""
    publishers = scene.index.exchange.publishers
    for publisher in tuple(publishers):
        for name in (*publisher.projects, *(name for name, _ in scene.releases))[:1]:
            scene.index.exchange.pending.append(PendingPublisher(project=name, publisher=publisher, invalid=True))


_AUDIENCE, _MINT = Endpoint.AUDIENCE, Endpoint.MINT

AUDIENCE_FAULTS: Final = (
    passing(_AUDIENCE, "500", "The audience endpoint answers 500.", plays.answer(500, "Internal Server Error")),
    passing(_AUDIENCE, "html", "The audience endpoint answers 200 with HTML.", plays.page_of_html(200, "OK")),
    passing(
        _AUDIENCE,
        "malformed-json",
        "The audience endpoint answers with broken JSON.",
        plays.answer(200, '{"audience": ', content_type=_JSON),
    ),
    passing(_AUDIENCE, "reset", "The audience endpoint cuts the connection.", plays.reset_before_body),
    hanging(_AUDIENCE, "The audience endpoint never answers.", plays.hang_before_work),
    lasting(
        _AUDIENCE,
        "403",
        "Trusted Publishing is switched off on the index.",
        plays.answer(403, '{"message": "Trusted publishing functionality not enabled"}', content_type=_JSON),
        Ending.UNAVAILABLE,
    ),
    lasting(
        _AUDIENCE,
        "404",
        "The index has no Trusted Publishing.",
        plays.answer(404, "404 Not Found"),
        Ending.REFUSED,
    ),
    lasting(
        _AUDIENCE,
        "foreign",
        "The index asks for a token that is good at sigstore.",
        plays.answer(200, '{"audience": "sigstore"}', content_type=_JSON),
        Ending.REFUSED,
    ),
    lasting(
        _AUDIENCE,
        "redirect",
        "The audience endpoint leads to another host.",
        plays.answer(302, headers={"Location": "https://elsewhere.invalid/_/oidc/audience"}),
        Ending.REFUSED,
    ),
)

MINT_FAULTS: Final = (
    *(
        lasting(
            _MINT,
            f"invalid-publisher-{short}",
            f"The mint is refused: invalid-publisher, {reason.split(',')[0]}.",
            plays.refuse_mint("invalid-publisher", NO_PUBLISHER.format(reason=reason)),
            Ending.REFUSED,
        )
        for short, reason in INVALID_PUBLISHER_REASONS.items()
    ),
    *(
        lasting(
            _MINT, code, f"The mint is refused: {code}, {description}.", plays.refuse_mint(code, description), ending
        )
        for code, description, ending in _OTHER_CODES
    ),
    Fault(
        name="mint-invalid-pending-publisher",
        statement="The pending publisher's project exists already; the next mint succeeds.",
        endpoint=_MINT,
        setting=_let_pending_publisher_be_outrun,
        once=Ending.FINISHED,
    ),
    passing(_MINT, "500", "The mint answers 500.", plays.answer(500, "Internal Server Error")),
    passing(_MINT, "502", "The mint answers 502 with a CDN's HTML.", plays.page_of_html(502, "Bad Gateway")),
    passing(
        _MINT,
        "503",
        "The mint answers 503 and names a time to come back.",
        plays.answer(503, "Service Unavailable", headers={"Retry-After": "2"}),
    ),
    passing(_MINT, "html", "The mint answers 200 with HTML.", plays.page_of_html(200, "OK")),
    passing(
        _MINT,
        "malformed-json",
        "The mint answers with broken JSON, after it has minted.",
        plays.work_then_answer(200, '{"success": true, "tok', content_type=_JSON),
        loses_tokens=True,
    ),
    passing(_MINT, "reset-before", "The mint cuts the connection before it reads.", plays.reset_before_body),
    passing(
        _MINT,
        "reset-after",
        "The mint uses up the identity token and cuts the connection.",
        plays.reset_after_work,
        loses_tokens=True,
    ),
    passing(_MINT, "truncated", "The mint's answer is cut short.", plays.work_then_raw(_TRUNCATED), loses_tokens=True),
    slow(_MINT, "The mint is slow."),
    hanging(_MINT, "The mint uses up the identity token and never answers.", plays.hang_after_work, loses_tokens=True),
    lasting(
        _MINT,
        "newline",
        "The upload token holds a line break and a workflow command.",
        plays.answer(200, '{"success": true, "token": "pypi-abc\\n::error::hello"}', content_type=_JSON),
        Ending.UNAVAILABLE,
    ),
    passing(_MINT, "endless", "The mint's answer does not end.", plays.flood_only(_ENDLESS)),
    Fault(
        name="mint-short-life",
        statement="The upload token lives two minutes only.",
        endpoint=_MINT,
        play=plays.with_lifetime(120),
        once=Ending.FINISHED,
        always=Ending.FINISHED,
    ),
)


def _burn(
    name: str, statement: str, play: Play, *, passing: bool = True, stalls: bool = False, loses_tokens: bool = True
) -> Fault:
    """A release is no less published because its token lives out its minutes."""
    return Fault(
        name=f"burn-{name}",
        statement=statement,
        endpoint=Endpoint.BURN,
        play=play,
        once=Ending.FINISHED,
        always=Ending.FINISHED,
        passing=passing,
        stalls=stalls,
        loses_tokens=loses_tokens,
    )


BURN_FAULTS: Final = (
    _burn("404", "The index does not know how to revoke.", plays.answer(404, "404 Not Found"), passing=False),
    _burn("500", "Revoking answers 500.", plays.answer(500, "Internal Server Error")),
    _burn("html", "Revoking answers 503 with a CDN's HTML.", plays.page_of_html(503, "Backend fetch failed")),
    _burn("reset", "Revoking cuts the connection.", plays.reset_before_body),
    _burn("slow", "Revoking is slow.", plays.be_slow, loses_tokens=False),
    _burn("timeout", "Revoking never answers.", plays.hang_before_work, passing=False, stalls=True),
)
