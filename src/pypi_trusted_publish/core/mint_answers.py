"""The refusals of the audience endpoint and of the mint endpoint.

A refusal of a mint has codes and descriptions; the shapes here are those of ``code: description``.
"""

from __future__ import annotations

from typing import Any, Final

from ..errors import Cure
from .answers import AnswerRow, Effect, proxy_answer
from .retry import RequestKind

_REFUSED: Final = frozenset({400, 401, 403, 409, 422})
_REFUSED_OTHERWISE: Final = _REFUSED | {402, 406, 411, 412, 413, 415, 451}
_NO_PUBLISHER: Final = "invalid-publisher: valid token, but no corresponding publisher "
_COMPARE: Final = "Compare every field of the publisher with the values of this job below."
_REGISTER_ANEW: Final = "Remove the publisher, and register it again with the values below."
_OTHER_NAME: Final = (
    "Choose another name for the project, remove the pending publisher, and register one for the new name. "
    "If you have a right to the name, you can request it (PEP 541)."
)


def _mint(name: str, code: str, *shapes: str, **row: Any) -> AnswerRow:
    return AnswerRow(name=name, request=RequestKind.MINT, statuses=_REFUSED, code=code, shapes=shapes, **row)


def _publisher(name: str, *shapes: str, likely_cause: str, fix: str = _COMPARE, cure: Cure = Cure.INDEX) -> AnswerRow:
    whole = tuple(f"{_NO_PUBLISHER}({shape})" for shape in shapes)
    return _mint(name, "mint-invalid-publisher", *whole, likely_cause=likely_cause, fix=fix, cure=cure)


_PUBLISHER: Final = (
    _publisher(
        "publisher-not-found",
        "Publisher with matching claims was not found",
        "All lookup strategies exhausted",
        likely_cause="No publisher is registered for exactly this owner, repository, workflow and environment.",
    ),
    _publisher(
        "publisher-owner-id",
        "Check failed for required claim 'repository_owner_id'",
        likely_cause="The account {owner!r} is not the one for which the publisher was registered: somebody else took "
        "the name over, or the repository was transferred.",
        fix=_REGISTER_ANEW,
    ),
    _publisher(
        "publisher-owner",
        "Check failed for required claim 'repository_owner'",
        likely_cause="The publisher's owner is not spelled {owner!r}; case matters, and a renamed account has "
        "another name.",
    ),
    _publisher(
        "publisher-repository",
        "Check failed for required claim 'repository'",
        likely_cause="The publisher names another repository: it was renamed or transferred since, or the letter case "
        "differs.",
        fix=_REGISTER_ANEW,
    ),
    _publisher(
        "publisher-environment",
        "Check failed for {kind:w} claim 'environment'",
        likely_cause="The publisher names another environment than the job's: {environment}.",
    ),
    _publisher(
        "publisher-workflow",
        "Check failed for required claim 'job_workflow_ref'",
        "The job_workflow_ref claim does not match, expecting one of {expected}, got {found!r}",
        likely_cause="{workflow_difference}",
    ),
    _publisher(
        "publisher-no-workflow",
        "Could not job extract workflow filename from OIDC claims",
        "Could not extract workflow filename from OIDC claims",
        likely_cause="The index found no workflow file in the claim 'job_workflow_ref' ({job_workflow_ref}): it looks "
        "for a file that ends in .yml or .yaml, before an @.",
        fix="No field of the publisher can change this: publish from a workflow file of the repository.",
        cure=Cure.WORKFLOW,
    ),
    _publisher(
        "publisher-event",
        "Publishing from a workflow invoked via {event!r} is not supported.",
        "Check failed for required claim 'event_name'",
        likely_cause="The index does not accept runs triggered by {event}: untrusted code may have started them.",
        fix="Trigger the publishing workflow by a tag, by a release, or manually.",
        cure=Cure.WORKFLOW,
    ),
    _publisher(
        "publisher-subject",
        "Check failed for {kind:w} claim 'sub'",
        likely_cause="The organization or repository customizes the claim 'sub' of its identity tokens, and this index "
        "reads it.",
        fix="Reset the template to the default (GitHub's REST API: actions/oidc/customization/sub).",
        cure=Cure.WORKFLOW,
    ),
    _publisher(
        "publisher-claim-missing",
        "Missing claim {claim!r}",
        "Missing claims: {claims}",
        "The ref and sha claims are empty",
        likely_cause="The identity token lacks a claim that the index needs: an old GitHub Enterprise Server, or an "
        "index that is newer than this action.",
        fix="No field of the publisher can change this: publish from github.com, or ask the operators of the index.",
        cure=Cure.WORKFLOW,
    ),
    _mint(
        "publisher-other",
        "mint-invalid-publisher",
        "invalid-publisher: {why}",
        likely_cause="A field of the publisher differs from this job's values.",
        fix=_COMPARE,
        cure=Cure.INDEX,
    ),
)

_NAMES: Final = (
    _mint(
        "name-standard-library",
        "mint-name-not-allowed",
        "invalid-payload: The name {name!r} isn't allowed (conflict with {what}). {see}",
        "invalid-payload: The name {name!r} isn't allowed (conflict with {what}).",
        likely_cause="The project {name!r} of the pending publisher has the name of a module of Python's standard "
        "library.",
        fix=_OTHER_NAME,
        cure=Cure.NEW_NAME,
    ),
    _mint(
        "name-prohibited",
        "mint-name-not-allowed",
        "invalid-payload: The name {name!r} isn't allowed. {see}",
        "invalid-payload: The name {name!r} isn't allowed.",
        likely_cause="The name {name!r} of the pending publisher is prohibited on the index.",
        fix=_OTHER_NAME,
        cure=Cure.NEW_NAME,
    ),
    _mint(
        "name-too-similar",
        "mint-name-not-allowed",
        "invalid-payload: The name {name!r} is too similar to an existing project. {see}",
        "invalid-payload: The name {name!r} is too similar to an existing project.",
        likely_cause="The name {name!r} of the pending publisher is too similar to that of an existing project: the "
        "index compares names without separators and with look-alikes such as 0 and o as one.",
        fix=_OTHER_NAME,
        cure=Cure.NEW_NAME,
    ),
    _mint(
        "registration-off",
        "mint-registration-off",
        "invalid-payload: New project registration temporarily disabled. See {url:w} for more information.",
        "invalid-payload: New project registration temporarily disabled.",
        likely_cause="The index is not creating new projects at the moment, and this mint would create one.",
        fix="Look at the status page of the index.",
        cure=Cure.LATER,
    ),
)

_OTHERS: Final = (
    _mint(
        "issuer-unknown",
        "mint-issuer-unknown",
        "invalid-payload: unknown trusted publishing issuer",
        likely_cause="The index has no publishers for the issuer of this token, such as a GitHub Enterprise Server or "
        "the custom issuer of an enterprise.",
        fix="Publish from github.com, or ask the operators of the index to add the issuer.",
        cure=Cure.WORKFLOW,
    ),
    _mint(
        "token-malformed",
        "mint-invalid-token",
        "invalid-payload: malformed JWT",
        "invalid-token: malformed or invalid token",
        "invalid-token: {why}",
        likely_cause="The identity token was too old when it arrived or was damaged on the way, or the index could not "
        "fetch GitHub's keys.",
        fix="Change nothing the first time: every run uses a new token. If it happens again, set the "
        "clock of a self-hosted runner, or ask the operators of the index which audience they accept.",
        cure=Cure.LATER,
    ),
    _mint(
        "payload",
        "mint-invalid-payload",
        "invalid-payload: {count:d} validation error for TokenPayload {why}",
        "invalid-payload: {count:d} validation errors for TokenPayload {why}",
        likely_cause="The request did not arrive as this action sends it: a proxy changed it, or the index expects "
        "another form.",
        fix="Publish from a runner without that proxy. Otherwise this is a bug of this action.",
        cure=Cure.REPORT,
    ),
    _mint(
        "not-enabled",
        "mint-not-enabled",
        "not-enabled: {issuer} trusted publishing functionality not enabled",
        "not-enabled: {why}",
        likely_cause="The index has turned Trusted Publishing off for now, for example during an incident.",
        fix="Look at the status page of the index.",
        cure=Cure.LATER,
    ),
    _mint(
        "pending-publisher-outrun",
        "mint-invalid-pending-publisher",
        "invalid-pending-publisher: valid token, but project already exists",
        "invalid-pending-publisher: {why}",
        likely_cause="The project was created in another way before this job ran, so the index removed the pending "
        "publisher.",
        fix="If the project is yours, register the publisher in its settings: {publishing}. Otherwise choose another "
        "name.",
        cure=Cure.INDEX,
        effect=Effect.PUBLISHER_OUTRUN,
    ),
    _mint(
        "token-reused",
        "mint-reused-token",
        "invalid-reuse-token: invalid token: already used",
        "invalid-reuse-token: {why}",
        likely_cause="The index has seen the identity token before. Each try uses a new one, so something between "
        "this job and the index repeats requests.",
        fix="If it happens again, publish without that proxy.",
        cure=Cure.LATER,
    ),
)

_REST: Final = (
    _mint(
        "payload-other",
        "mint-invalid-payload",
        "invalid-payload: {why}",
        likely_cause="The index cannot do what the request asks for: a project that cannot be created, or a token of "
        "another form.",
        fix="Look at the publisher, or the pending publisher, on the index: {publishing}",
        cure=Cure.INDEX,
    ),
)

_STATUSES: Final = (
    AnswerRow(
        name="mint-redirected",
        request=RequestKind.MINT,
        statuses=frozenset({300, 301, 302, 303, 305, 307, 308}),
        code="mint-redirected",
        likely_cause="'repository-url' is probably not the index's own URL, or a sign-in page is in front of it; a "
        "token is sent only to the address that it was made for.",
        fix="Set the input 'repository-url' to the index's own upload URL. If that is right, ask the operators of the "
        "index to let {mint_url} through without a sign-in.",
        cure=Cure.WORKFLOW,
        software="any",
        source="RFC 9110, 15.4",
    ),
    AnswerRow(
        name="mint-not-there",
        request=RequestKind.MINT,
        statuses=frozenset({404, 405, 410}),
        code="mint-not-offered",
        likely_cause="The index named an audience, but does not mint tokens at {mint_url}.",
        fix="Check the input 'repository-url'; if it is right, the index does not fully support Trusted Publishing.",
        cure=Cure.WORKFLOW,
        software="any",
        source="RFC 9110, 15.5.5",
    ),
    proxy_answer(RequestKind.MINT),
    AnswerRow(
        name="mint-intercepted",
        request=RequestKind.MINT,
        statuses=_REFUSED_OTHERWISE,
        code="mint-intercepted",
        intercepted=True,
        likely_cause="Something in front of the index probably refused the request: a firewall, a proxy, a CDN or a "
        "sign-in page. An index gives its reason in JSON, so this says nothing about the publisher.",
        fix="Change nothing the first time: another runner can have another address. If it happens again, ask the "
        "operators of the index, and of the runner's network, to let POST requests to {mint_url} through.",
        cure=Cure.LATER,
        software="any",
        source="RFC 9110, 15.5.4",
    ),
    AnswerRow(
        name="mint-refused",
        request=RequestKind.MINT,
        statuses=_REFUSED_OTHERWISE,
        code="mint-refused",
        likely_cause="A field of the publisher differs from this job's values, the index has an additional rule, or "
        "something in front of the index refuses requests of this runner.",
        fix=_COMPARE,
        cure=Cure.INDEX,
        software="any",
        source="RFC 9110, 15.5",
    ),
)

_AUDIENCE: Final = (
    AnswerRow(
        name="audience-off",
        request=RequestKind.AUDIENCE,
        statuses=frozenset({403}),
        code="trusted-publishing-off",
        shapes=("Trusted publishing functionality not enabled", "Trusted Publishing functionality not enabled"),
        likely_cause="The index has turned Trusted Publishing off for now, for example during an incident.",
        fix="Look at the status page of the index.",
        cure=Cure.LATER,
    ),
    AnswerRow(
        name="audience-not-there",
        request=RequestKind.AUDIENCE,
        statuses=frozenset({401, 404, 405, 410}),
        code="no-trusted-publishing",
        likely_cause="This index software does not offer Trusted Publishing, or 'repository-url' is not the URL of the "
        "index.",
        fix="Check 'repository-url'. This action can publish only where Trusted Publishing is offered; use another "
        "tool for other indexes.",
        cure=Cure.WORKFLOW,
        software="any",
        source="RFC 9110, 15.5.2 and 15.5.5",
    ),
    proxy_answer(RequestKind.AUDIENCE),
    AnswerRow(
        name="audience-refused",
        request=RequestKind.AUDIENCE,
        statuses=frozenset(range(300, 500)) - {401, 403, 404, 405, 407, 408, 410, 425, 429},
        code="audience-refused",
        likely_cause="'repository-url' is probably not the index's own URL, or a sign-in page is in front of it; "
        "redirects to another host are not followed.",
        fix="Set the input 'repository-url' to the index's own upload URL.",
        cure=Cure.WORKFLOW,
        software="any",
        source="RFC 9110, 15.5",
    ),
    AnswerRow(
        name="audience-forbidden",
        request=RequestKind.AUDIENCE,
        statuses=frozenset({403}),
        code="audience-forbidden",
        likely_cause="The index, or a proxy in front of it, refuses requests of this runner; an index may also turn "
        "Trusted Publishing off in this way.",
        fix="Look at the status page of the index, and check that the runner may reach it.",
        cure=Cure.LATER,
        software="any",
        source="RFC 9110, 15.5.4",
    ),
)

MINT_ANSWERS: Final[tuple[AnswerRow, ...]] = (
    *_NAMES,
    *_OTHERS,
    *_PUBLISHER,
    *_REST,
    *_AUDIENCE,
    *_STATUSES,
)
