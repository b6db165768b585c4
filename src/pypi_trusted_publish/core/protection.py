"""The protection of a deployment environment, and what follows from it. Pure: the answers are passed in.

Source: GitHub's REST API, "Get an environment", "List deployment branch policies" and "Get the review history for a
workflow run", version 2022-11-28.
"""

from __future__ import annotations

import enum
import re
from typing import TYPE_CHECKING, Final

from ..errors import Diagnosis, Severity
from ..events import ProtectionRead
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

RISKY_EVENTS: Final = frozenset({"pull_request", "issue_comment", "workflow_run"})
"""Events that anybody can cause; harmless behind an approval."""


class ProtectionState(str, enum.Enum):
    """Whether anything protects a release from a push."""

    PROTECTED = "protected"
    UNPROTECTED = "unprotected"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The protection of one environment, as far as it could be read."""

    environment: str
    state: ProtectionState
    rules: tuple[tuple[str, str], ...] = ()
    """The protection rules, name and value."""
    approved_by: tuple[str, ...] = ()
    """Logins of the approvers of this run; empty when there are none or they cannot be read."""
    settings_url: str = ""
    why_unknown: str = ""

    def event(self) -> ProtectionRead:
        """The event that reports it."""
        known = {ProtectionState.PROTECTED: True, ProtectionState.UNPROTECTED: False, ProtectionState.UNKNOWN: None}
        return ProtectionRead(
            environment=self.environment,
            protected=known[self.state],
            rules=self.rules,
            approved_by=self.approved_by,
            settings_url=self.settings_url,
            why_unknown=self.why_unknown,
        )


def read_environment(
    answer: object,
    *,
    environment: str,
    settings_url: str,
    patterns: Sequence[str] | None = (),
    approved_by: Sequence[str] = (),
) -> Protection:
    """Read the JSON of an environment.

    ``patterns`` are its branch and tag patterns, where it has a list of them; None when that could not be read. It is
    protected by a reviewer, a custom rule, or a list of branches or tags that does not match all of them. A wait
    timer protects nothing.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("protection_rules", []), list):
        return unknown_protection(
            "GitHub's answer cannot be understood", environment=environment, settings_url=settings_url
        )
    found = tuple(_rules(answer, patterns))
    rules = tuple((name, value) for name, value, _ in found)
    decided = any(decides for *_, decides in found)
    if not decided and patterns is None and has_custom_patterns(answer):
        why = "the list of its branches and tags could not be read"
        return unknown_protection(why, environment=environment, settings_url=settings_url)
    if rules and answer.get("can_admins_bypass") is True:
        rules = (*rules, ("administrators", "may bypass the rules"))
    return Protection(
        environment=environment,
        state=ProtectionState.PROTECTED if decided else ProtectionState.UNPROTECTED,
        rules=rules,
        approved_by=tuple(approved_by),
        settings_url=settings_url,
    )


def unknown_protection(why: str, *, environment: str, settings_url: str) -> Protection:
    """Nothing could be read, for the reason given."""
    return Protection(
        environment=environment, state=ProtectionState.UNKNOWN, settings_url=settings_url, why_unknown=why
    )


def has_custom_patterns(answer: object) -> bool:
    """Whether the environment has its own list of branches and tags that may deploy."""
    policy = answer.get("deployment_branch_policy") if isinstance(answer, dict) else None
    return isinstance(policy, dict) and policy.get("custom_branch_policies") is True


def read_patterns(answer: object) -> tuple[str, ...] | None:
    """Read the list of branch and tag patterns, each as ``tag v*`` or ``branch main``; None for another answer."""
    policies = answer.get("branch_policies") if isinstance(answer, dict) else None
    if not isinstance(policies, list):
        return None
    entries = [entry for entry in policies if isinstance(entry, dict)]
    return tuple(f"{entry.get('type') or 'branch'} {entry['name']}" for entry in entries if entry.get("name"))


def read_approvers(answer: object, environment: str) -> tuple[str, ...]:
    """Read who approved the run for this environment, from its review history."""
    reviews = [review for review in answer if isinstance(review, dict)] if isinstance(answer, list) else []
    approvals = [review for review in reviews if review.get("state") == "approved" and _concerns(review, environment)]
    users = [review.get("user") for review in approvals]
    logins = [user.get("login") for user in users if isinstance(user, dict)]
    return tuple(dict.fromkeys(login for login in logins if isinstance(login, str)))


def judge_protection(
    protection: Protection, *, event_name: str, is_pypi: bool, required: bool
) -> tuple[Diagnosis, ...]:
    """Return the diagnoses: errors when protection is required, else at most a notice or a warning.

    ``is_pypi``: the files go to PyPI itself, where a release cannot be taken back.
    """
    if protection.state is ProtectionState.PROTECTED:
        return ()
    if protection.state is ProtectionState.UNKNOWN:
        return (_unknown(protection),) if required else ()
    return tuple(_unprotected(protection, event_name, is_pypi=is_pypi, required=required))


def _unprotected(protection: Protection, event_name: str, *, is_pypi: bool, required: bool) -> Iterator[Diagnosis]:
    where = protection.settings_url
    if required or is_pypi:
        yield Diagnosis(
            code="environment-unprotected",
            severity=Severity.ERROR if required else Severity.NOTICE,
            message=f"The environment {protection.environment!r} is not protected: anybody who can push can publish.",
            likely_cause="GitHub creates an environment without any rule when a workflow first names it. A wait timer, "
            "or a list of branches and tags that contains `*`, protects nothing.",
            fix=f"Give it required reviewers, or restrict the branches and tags that may deploy: {where}",
            details=(("environment", protection.environment), ("settings", where)),
        )
    if event_name in RISKY_EVENTS:
        yield Diagnosis(
            code="risky-event",
            severity=Severity.WARNING,
            message=f"The event {event_name!r} triggered this run, and the environment {protection.environment!r} "
            "is not protected.",
            likely_cause="A user without any permission in the repository can cause such a run.",
            fix=f"Publish from a tag or manually, or give the environment required reviewers: {where}",
            details=(("event", event_name), ("environment", protection.environment)),
        )


def _unknown(protection: Protection) -> Diagnosis:
    return Diagnosis(
        code="protection-unknown",
        message=f"The protection of the environment {protection.environment!r} could not be read: "
        f"{protection.why_unknown}.",
        likely_cause="'require-protection' is on. In a private repository the job's token may read this only with "
        "'actions: read', and requests without that permission are limited to 60 per hour and IP address.",
        fix="Grant the job 'actions: read'.",
        snippet="    permissions:\n      id-token: write\n      actions: read",
        details=(("environment", protection.environment), ("why", protection.why_unknown)),
    )


_EVERYTHING: Final = re.compile(r"(?:branch|tag) (?:\*|\*\*|\*\*/\*)")
"""A pattern that every branch or tag matches."""


def _rules(answer: Mapping[str, object], patterns: Sequence[str] | None) -> Iterator[tuple[str, str, bool]]:
    """Name, value, and whether the rule decides who or what may deploy."""
    entries = answer.get("protection_rules")
    for rule in entries if isinstance(entries, list) else []:
        if isinstance(rule, dict):
            yield from _rule(rule)
    policy = answer.get("deployment_branch_policy")
    if isinstance(policy, dict) and policy.get("protected_branches") is True:
        yield "branches", "protected branches only", True
    elif has_custom_patterns(answer):
        decides = bool(patterns) and not any(_EVERYTHING.fullmatch(pattern) for pattern in patterns or ())
        shown = "a list that could not be read" if patterns is None else ", ".join(patterns) or "an empty list"
        yield "branches and tags", shown, decides


def _rule(rule: Mapping[str, object]) -> Iterator[tuple[str, str, bool]]:
    kind = rule.get("type")
    if kind == "required_reviewers":
        reviewers = rule.get("reviewers")
        names = [name for entry in (reviewers if isinstance(reviewers, list) else []) if (name := _reviewer(entry))]
        oneself = "self-review prevented" if rule.get("prevent_self_review") is True else "self-review allowed"
        yield "required reviewers", f"{', '.join(names) or 'some'} ({oneself})", True
    elif kind == "wait_timer":
        minutes = rule.get("wait_timer")
        if isinstance(minutes, int) and minutes > 0:
            yield "wait timer", f"{minutes} min", False
    elif isinstance(kind, str) and kind != "branch_policy":
        yield "custom rule", kind, True


def _reviewer(entry: object) -> str:
    reviewer = entry.get("reviewer") if isinstance(entry, dict) else None
    name = (reviewer.get("login") or reviewer.get("slug")) if isinstance(reviewer, dict) else None
    return name if isinstance(name, str) else ""


def _concerns(review: Mapping[str, object], environment: str) -> bool:
    environments = review.get("environments")
    names = (
        [entry.get("name") for entry in environments if isinstance(entry, dict)]
        if isinstance(environments, list)
        else []
    )
    return any(isinstance(name, str) and name.lower() == environment.lower() for name in names)
