"""The page of retries as Markdown, drawn from the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pypi_trusted_publish.core.retry import POLICIES, RequestKind, RetryReason, retry_rule

_INTRODUCTION: Final = """\
# When a request is sent again

<!-- Generated from the table in core/retry.py; change the table, then run `make docs`. -->

Each request to GitHub and to the index is repeated only where a repeat can help and does no harm. A wait is doubled
from try to try and shortened by up to a half at random; a `Retry-After` of the server is honored as long as all waits
together stay within the bound. A status that is not in these lists decides: it is never tried again.

| request | tries in all | waits | all waits together | why a repeat is safe |
|---|---|---|---|---|"""


def retry_page() -> str:
    """The whole page."""
    return "\n".join([_INTRODUCTION, *_policies(), "", *_reasons()]) + "\n"


def _policies() -> Iterator[str]:
    for request, policy in POLICIES.items():
        waits = f"{policy.first_wait:.0f} s to {policy.longest_wait:.0f} s"
        yield f"| {request.value} | {policy.tries} | {waits} | {policy.patience:.0f} s | {policy.safe} |"


def _reasons() -> Iterator[str]:
    yield "What came instead of an answer that decides, and how often the request is sent in all:\n"
    yield "| reason | " + " | ".join(request.value for request in RequestKind) + " | when only once, why |"
    yield "|---" * (len(RequestKind) + 2) + "|"
    for reason in RetryReason:
        found = [retry_rule(request, reason) for request in RequestKind]
        why = next((rule.why for rule in found if rule.tries == 1), "")
        yield f"| {reason.value} | " + " | ".join(str(rule.tries) for rule in found) + f" | {why} |"
