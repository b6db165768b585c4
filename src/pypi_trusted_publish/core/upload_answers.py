"""Refusals of an upload because of the project, the token, the request, or with a status alone."""

from __future__ import annotations

from typing import Any, Final

from ..errors import Cure
from .answers import AnswerRow, Effect, proxy_answer, upload_answer
from .retry import RequestKind

_PLACES: Final = (
    upload_answer(
        "file-exists",
        400,
        "upload-file-exists",
        "File already exists ({name!r}, with blake2_256 hash {digest!r}). See {url:w} for more information.",
        likely_cause="{index} has a file of this name with different contents, and never replaces a file. Builds are "
        "rarely reproducible, so building again gives different contents.",
        fix="If the files on the index are the right ones, nothing is left to do for them. Otherwise release a new "
        "version, and yank this one.",
        cure=Cure.NEW_VERSION,
        effect=Effect.EXISTS,
    ),
    upload_answer(
        "file-deleted",
        400,
        "upload-name-used",
        "This filename was previously used by a file that has since been deleted. Use a different version. See {url:w} "
        "for more information.",
        "This filename has already been used, use a different version. See {url:w} for more information.",
        likely_cause="A file of this name was published and deleted. The index never accepts the name again, "
        "not even for the same contents.",
        fix="Release a new version.",
        cure=Cure.NEW_VERSION,
    ),
    upload_answer(
        "second-sdist",
        400,
        "upload-second-sdist",
        "Only one sdist may be uploaded per release.",
        likely_cause="This version already has an sdist on the index, under another name.",
        fix="Release a new version.",
        cure=Cure.NEW_VERSION,
    ),
    upload_answer(
        "release-too-old",
        400,
        "upload-release-too-old",
        "Uploading new files to releases older than {days:d} days is not allowed.",
        likely_cause="The index accepts new files for {days} days after the first file of a release.",
        fix="Release a new version.",
        cure=Cure.NEW_VERSION,
    ),
    upload_answer(
        "file-too-large",
        400,
        "upload-too-large",
        "File too large. Limit for project {project!r} is {limit:d} MB. See {url:w} for more information.",
        likely_cause="The limit of the project {project!r} is {limit} MB per file.",
        fix="Ask for a higher limit ({url}), or leave the file out.",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "project-too-large",
        400,
        "upload-too-large",
        "Project size too large. Limit for project {project!r} total size is {limit:d} GB. See {url:w}",
        likely_cause="All files of the project {project!r} together may have {limit} GB.",
        fix="Delete old releases that are not needed, or ask for a higher limit ({url}).",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "no-project",
        400,
        "upload-no-project",
        "Non-user identities cannot create new projects. This was probably caused by successfully using a pending "
        "publisher but specifying the project name incorrectly (either in the publisher or in your project's "
        "metadata). Please ensure that both match. See: {url:w}",
        likely_cause="The project {project!r} is not on the index, and the publisher that matches this job belongs "
        "to another project.",
        fix="Register a pending publisher with exactly the project name {project!r}: {pending}",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "organization-inactive",
        400,
        "upload-organization-inactive",
        "Organization account owning this project is inactive. This may be due to inactive billing for Company "
        "Organizations, or administrator intervention for Community Organizations. Please contact {address:w}.",
        likely_cause="The organization that owns the project {project!r} is inactive on the index.",
        fix="An owner of the organization must settle its billing, or write to {address}.",
        cure=Cure.INDEX,
    ),
)

_TOKENS: Final = (
    upload_answer(
        "token-expired",
        403,
        "upload-token-expired",
        "Invalid API Token: <token is expired>",
        likely_cause="The upload token expired, and a new one was not accepted either.",
        fix="If it happens again, the clock of the index may be wrong: contact its operators.",
        cure=Cure.LATER,
        effect=Effect.TOKEN_EXPIRED,
    ),
    upload_answer(
        "token-of-other-project",
        403,
        "upload-project-not-covered",
        "Invalid API Token: <OIDC scoped token is not valid for project {project!r}|project-scoped token is not valid "
        "for project: {project!r}>",
        likely_cause="The publisher that matches this job is not registered for the project {project!r}.",
        fix="Register the same publisher for this project too: {publishing}",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "token-refused",
        403,
        "upload-token-refused",
        "Invalid API Token: {why}",
        "Invalid or non-existent authentication information. See {url:w} for more information.",
        likely_cause="The token that the index just issued was changed on the way or was revoked: by a proxy that "
        "changes requests, or because two servers of the index disagree.",
        fix="Change nothing the first time; every run uses a new token. If it happens again, compare "
        "'repository-url' with the host that issued the token, or ask the operators of the index.",
        cure=Cure.LATER,
    ),
    upload_answer(
        "password-refused",
        403,
        "upload-credentials-replaced",
        "Username/Password authentication is no longer supported. Migrate to API Tokens or Trusted Publishers instead. "
        "See {url:w} and {other_url:w}",
        likely_cause="The index got different credentials than this action sends: a proxy replaces the header "
        "`Authorization`.",
        fix="Configure the proxy to keep the header, or exempt the index from it (`no_proxy`).",
        cure=Cure.RUNNER,
    ),
    upload_answer(
        "user-not-ready",
        403,
        "upload-account-not-ready",
        "User {user!r}, associated with the API token used, does not have a verified primary email address. Please add "
        "a verified primary email before attempting to upload to PyPI. See {url:w} for more information.",
        "User {user!r}, associated with the API token used, does not have two-factor authentication enabled. Please "
        "enable two-factor authentication before attempting to upload to PyPI. See {url:w} for more information.",
        likely_cause="The account {user!r} on the index lacks a verified e-mail address or a second factor.",
        fix="The account's owner must add what is missing in the account settings on the index.",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "project-not-allowed",
        403,
        "upload-not-allowed",
        "The given token isn't allowed to upload to project {project!r}. See {url:w} for more information.",
        "The user {user!r} isn't allowed to upload to project {project!r}. See {url:w} for more information.",
        likely_cause="The project {project!r} belongs to somebody else, was archived or quarantined, or the publisher "
        "was removed from it after the token was issued.",
        fix="Look at the project's publishing settings and its status: {publishing}",
        cure=Cure.INDEX,
    ),
    upload_answer(
        "uploads-off",
        frozenset({403, 503}),
        "upload-read-only",
        "New uploads are temporarily disabled. See {url:w} for more information.",
        "Read-only mode: Uploads are temporarily disabled.",
        likely_cause="The index is not accepting any uploads at the moment.",
        fix="Look at the status page of the index.",
        cure=Cure.LATER,
    ),
    upload_answer(
        "registration-off-for-uploads",
        403,
        "upload-registration-off",
        "New project registration temporarily disabled. See {url:w} for more information.",
        likely_cause="The index is not creating new projects at the moment, and {project!r} does not exist there yet.",
        fix="Look at the status page of the index.",
        cure=Cure.LATER,
    ),
    upload_answer(
        "name-not-allowed",
        frozenset({400, 403}),
        "upload-name-not-allowed",
        "The name {name!r} isn't allowed. {see}",
        "The name {name!r} isn't allowed (conflict with {what}). {see}",
        "The name {name!r} is too similar to an existing project. {see}",
        likely_cause="The index does not create a project of the name {name!r}: the name is prohibited, that of a "
        "module of the standard library, or too similar to that of another project.",
        fix="Choose another name for the project. If you have a right to the name, you can request it (PEP 541).",
        cure=Cure.NEW_NAME,
    ),
    upload_answer(
        "too-many-projects",
        frozenset({403, 429}),
        "upload-too-many-projects",
        "Too many new projects created",
        likely_cause="The index limits how many projects an account may create per day.",
        fix="Wait until tomorrow. Projects of pending publishers do not count.",
        cure=Cure.LATER,
    ),
)

_FORM: Final = (
    upload_answer(
        "url-without-slash",
        400,
        "upload-url-without-slash",
        "POST body may not contain duplicate keys (URL: {url!r})",
        likely_cause="The upload URL lacks its trailing slash, or a proxy removes it. Then the index reads the form in "
        "a way that does not allow repeated fields.",
        fix="Set the input 'repository-url' to {slashed_url}",
        cure=Cure.WORKFLOW,
    ),
    upload_answer(
        "form",
        400,
        "upload-form-refused",
        "Unknown protocol version.",
        "Upload payload does not have a file.",
        "Error: Include at least one message digest.",
        "Invalid value for {field:w} Error: {why}",
        likely_cause="The form of the upload did not arrive as this action sends it, or the index has changed it.",
        fix="Try without a proxy that changes requests. Otherwise this is a bug of this action.",
        cure=Cure.REPORT,
    ),
)


def _exists(name: str, status: int, *shapes: str, **row: Any) -> AnswerRow:
    return upload_answer(
        name, status, "upload-file-exists", *shapes, cure=Cure.NEW_VERSION, effect=Effect.EXISTS, **row
    )


_OTHER_SOFTWARE: Final = (
    _exists(
        "devpi-exists",
        409,
        "{name:w} already exists in non-volatile index",
        likely_cause="The index is not volatile: it never replaces a file.",
        fix="Release a new version, or make the devpi index volatile.",
        software="devpi",
        source="devpi-server 6.20.3, views.py",
    ),
    _exists(
        "pypiserver-exists",
        409,
        "Package {name!r} already exists! You may start server with `--overwrite` option.",
        "Error: 409 Conflict Sorry, the requested URL {url!r} caused an error: Package {name!r} already exists! You "
        "may start server with `--overwrite` option.",
        likely_cause="pypiserver has a file of this name and was not started with `--overwrite`.",
        fix="Release a new version.",
        software="pypiserver",
        source="pypiserver 2.4.2, _app.py",
    ),
    _exists(
        "gitlab-exists",
        400,
        "Validation failed: File name has already been taken",
        "400 Bad request - Validation failed: File name has already been taken",
        likely_cause="The package registry has a file of this name.",
        fix="Release a new version, or delete the package in the registry.",
        software="GitLab",
        source="Logs in twine's issue 697, and GitLab's own tests of the registry",
    ),
    _exists(
        "artifactory-exists",
        403,
        "Not enough permissions to delete/overwrite all artifacts under {name!r} (user: {user!r} needs DELETE "
        "permission).",
        "Not enough permissions to delete/overwrite artifact {name!r} (user: {user!r} needs DELETE permission).",
        "Not enough permissions to overwrite artifact {name!r} (user {user!r} needs DELETE permission).",
        likely_cause="The repository has a file of this name, and this job may not overwrite it.",
        fix="Release a new version.",
        software="Artifactory",
        source="Logs in twine's issue 1251 (2025) and conan's issue 6193",
    ),
    _exists(
        "pulp-exists",
        400,
        "Package {name:w} already exists in index",
        likely_cause="The index has a file of this name, and Pulp never replaces one.",
        fix="Release a new version, or remove the package from the repository.",
        software="Pulp",
        source="pulp_python, app/pypi/views.py (2026)",
    ),
    _exists(
        "nexus-exists",
        400,
        "Repository does not allow updating assets: {repository:w}",
        "Repository does not allow updating assets",
        likely_cause="The repository has a file of this name, and its deployment policy does not allow a redeploy.",
        fix="Release a new version.",
        software="Nexus Repository",
        source="twine's tests of `--skip-existing`",
    ),
)

_REDIRECTS: Final = frozenset({300, 301, 302, 303, 305, 307, 308})


def _by_status(name: str, status: int | frozenset[int], code: str, **row: Any) -> AnswerRow:
    return upload_answer(name, status, code, software="any", **row)


_BY_STATUS: Final = (
    _by_status(
        "conflict",
        409,
        "upload-conflict",
        likely_cause="The index has a file of this name, or a staged upload session for this version is open on it "
        "(drafts of PEP 694 answer uploads in this way until the session is published or canceled).",
        fix="Look at the project on the index: publish or cancel an open session.",
        cure=Cure.INDEX,
        effect=Effect.MAY_EXIST,
        source="RFC 9110, 15.5.10; PEP 694 (draft)",
    ),
    _by_status(
        "payment-required",
        402,
        "upload-payment-required",
        likely_cause="The account or organization on the index has reached the limit of its plan.",
        fix="Ask the operators of the index, or whoever pays for the account.",
        cure=Cure.INDEX,
        source="RFC 9110, 15.5.3",
    ),
    _by_status(
        "payload-too-large",
        413,
        "upload-too-large",
        likely_cause="The index, or a proxy in front of it, does not accept a file of that size.",
        fix="Ask the operators of the index to raise the limit, or leave the file out.",
        cure=Cure.INDEX,
        source="RFC 9110, 15.5.14",
    ),
    _by_status(
        "unauthorized",
        401,
        "upload-token-refused",
        likely_cause="The index, or a proxy in front of it, requires other credentials than the token that the index "
        "just issued.",
        fix="Check that 'repository-url' is the upload URL of the index that issued the token.",
        cure=Cure.WORKFLOW,
        source="RFC 9110, 15.5.2",
    ),
    proxy_answer(RequestKind.UPLOAD),
    _by_status(
        "intercepted",
        frozenset({403, 406, 411, 412, 451}),
        "upload-intercepted",
        intercepted=True,
        likely_cause="The answer is a page: something in front of the index (a firewall, a proxy, a CDN) probably "
        "refused the request. If it is the index's own page, this job may not upload to the project.",
        fix="Change nothing the first time: another runner can have another address. If it happens again, ask the "
        "operators of the index, and of the runner's network, to let uploads to {upload_url} through.",
        cure=Cure.LATER,
        effect=Effect.MAY_EXIST,
        source="RFC 9110, 15.5.4",
    ),
    _by_status(
        "forbidden",
        403,
        "upload-forbidden",
        likely_cause="The index does not allow this job to upload to the project.",
        fix="Look at the project's publishing settings and its status: {publishing}",
        cure=Cure.INDEX,
        effect=Effect.MAY_EXIST,
        source="RFC 9110, 15.5.4",
    ),
    _by_status(
        "not-found",
        frozenset({404, 410}),
        "upload-url-not-found",
        likely_cause="There is no upload endpoint at {upload_url}.",
        fix="Correct the input 'repository-url': it is the URL for uploads, not that of a page or of the simple index.",
        cure=Cure.WORKFLOW,
        source="RFC 9110, 15.5.5",
    ),
    _by_status(
        "method-not-allowed",
        405,
        "upload-url-is-index",
        likely_cause="The input 'repository-url' is probably the URL of the simple index, not the one for uploads.",
        fix="Set 'repository-url' to the upload URL (PyPI's ends in /legacy/), and 'check-url' to the simple index.",
        cure=Cure.WORKFLOW,
        source="RFC 9110, 15.5.6",
    ),
    _by_status(
        "redirect",
        _REDIRECTS,
        "upload-redirected",
        likely_cause="The upload URL redirects, but a token is sent only to the address that it was issued for.",
        fix="If the redirect leads to the index under another address that you trust, set the input 'repository-url' "
        "to that. If it leads to a sign-in page, ask the operators of the index to let uploads through without one.",
        cure=Cure.WORKFLOW,
        source="RFC 9110, 15.4",
    ),
    _by_status(
        "bad-request",
        frozenset({400, 406, 411, 412, 415, 422}),
        "upload-refused",
        likely_cause="The refusal is about the file or its metadata: the same file would be refused again.",
        fix="Change what {index} objects to.",
        cure=Cure.NEW_BUILD,
        effect=Effect.MAY_EXIST,
        source="RFC 9110, 15.5.1",
    ),
)

UPLOAD_ANSWERS: Final[tuple[AnswerRow, ...]] = (*_PLACES, *_TOKENS, *_FORM, *_OTHER_SOFTWARE)
UPLOAD_STATUSES: Final[tuple[AnswerRow, ...]] = _BY_STATUS
"""Rows without a shape, which explain a status that no other row explains."""
