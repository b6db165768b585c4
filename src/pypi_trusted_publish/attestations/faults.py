"""What can go wrong with the services that signing needs, and how it is told."""

from __future__ import annotations

import enum
from typing import Final

from ..errors import Diagnosis

MALFORMED: Final = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError)
"""What the libraries raise, beside errors of their own, for a document of others that is not what it should be."""


class Service(str, enum.Enum):
    """Whom signing asks; the values are what people read."""

    TRUST = "the trust data's repository"
    IDENTITY = "GitHub's identity endpoint"
    AUTHORITY = "the certificate authority"
    LOG = "the transparency log"
    TIMESTAMP = "the timestamp authority"


class ServiceFault(Exception):
    """A service did not do its part. ``problem`` is ours, and completes a sentence that begins with the service."""

    def __init__(
        self, service: Service, problem: str, *, again: bool, wait: float | None = None, status: int | None = None
    ) -> None:
        super().__init__(f"{service.value} {problem}")
        self.service = service
        self.problem = problem
        self.again = again
        """Whether another try may go better."""
        self.wait = wait
        """Seconds that the service asked us to wait."""
        self.status = status
        """Of the answer, when it was the status that told."""


_REFUSED: Final = (
    "It refused; another try would not go better. The machine's clock may be wrong, or the service changed."
)
_DOWN: Final = "The service is down or overloaded; https://status.sigstore.dev tells."


def not_made(fault: ServiceFault) -> Diagnosis:
    """Why there are no attestations, when a service is to blame."""
    return Diagnosis(
        code="attestations-not-made",
        happened=f"The attestations could not be made: {fault.service.value} {fault.problem}.",
        cause=_DOWN if fault.again else _REFUSED,
    )


def would_be_refused(filename: str, problem: str) -> Diagnosis:
    """Why there are no attestations, when one was made that the index would refuse."""
    return Diagnosis(
        code="attestation-would-be-refused",
        happened=f"The attestation that was made for {filename} would be refused by the index: {problem}.",
        cause="The index compares the certificate with the publisher that the identity token's claims select.",
        remedy="If the job stands in a reusable workflow, move it into the calling one.",
        file=filename,
    )
