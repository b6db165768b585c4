"""Assembles one release: creates the adapters and passes them to the flow."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from .. import __version__
from ..attestations.attest import AttestationOptions, Attestations
from ..attestations.policy import AttestationMode
from ..core.claims import ClaimsPolicy
from ..core.mint_refusals import explain_refusal
from ..core.plan import PlanPolicy, UploadPlan
from ..core.protection import judge_protection
from ..core.responses import Answer
from ..errors import Severity, WorkflowError
from ..events import DiagnosisReported, RunStarted
from ..io.threads import in_threads
from ..io.upload_tokens import URGENT_TIMEOUT, UploadTokens
from ..publish.flow import ReleaseOptions, ReleaseSteps, publish
from ..publish.identity import VerifiedJob, verify_identity
from ..secret import Audience

if TYPE_CHECKING:
    from ..attestations.prepare import SigningSetup
    from ..errors import PublishError
    from ..inputs import Inputs
    from .reporter import Reporter
    from .startup import Startup

MINT_TIMEOUT: Final = 2.5 if sys.platform == "win32" else 6.0
"""Seconds for which a stopped run waits for a mint in progress: a token that we never received cannot be revoked.

The runner sends a second signal 7.5 s after the first one and kills 2.5 s later; on Windows it kills after 4 s.
"""
AFTER_A_MINT: Final = 1.2
"""Seconds that are left for revoking the tokens."""
_TO_REPORT: Final = 0.3
"""Seconds for the requests that were ended to be reported; usually they need less than one hundredth."""


class Release:
    """Everything that one run of the flow needs; :meth:`stop` may be called from another thread."""

    def __init__(self, inputs: Inputs, reporter: Reporter, startup: Startup) -> None:
        self._inputs = inputs
        self._reporter = reporter
        self._clock = reporter.process.clock
        self._startup = startup
        self._background = startup.background
        self._job: VerifiedJob | None = None
        self._tokens: UploadTokens | None = None
        urls = inputs.index
        self._index_verifies = urls.is_public or reporter.process.sigstore_trust is not None
        self._session = startup.session
        self._index = startup.index
        self._attestations = Attestations(
            AttestationOptions(
                mode=AttestationMode(inputs.attestations),
                index_name=urls.title,
                index_verifies=self._index_verifies,
                dry_run=inputs.dry_run,
            ),
            setup=self._signing_setup,
            existing=lambda: startup.validation.collected.attestations,
            install=lambda: self._background.start(self._install_signing),
            emit=self._background.emit,
            unsupported=self._signing_unsupported,
        )

    def run(self) -> None:
        """Run the flow; raises what it raises."""
        inputs = self._inputs
        self._reporter.emit(
            RunStarted(
                command="publish",
                version=__version__,
                inputs=inputs.shown(),
                index=inputs.index.title,
                dry_run=inputs.dry_run,
            )
        )
        steps = ReleaseSteps(
            verify=self._verify,
            validate=self._startup.checking.result,
            index=self._index,
            tokens=self._upload_tokens,
            attest=self._attestations,
            pages=self._startup.pages,
            background=self._background,
            clock=self._clock,
            emit=self._background.emit,
        )
        publish(self._options(), steps)

    def close(self) -> None:
        """Close the connections after a normal end."""
        self._startup.workers.end()
        self._session.close()

    def stop(self) -> None:
        """Start nothing new, close all connections, and revoke every token: within two seconds, or after a mint."""
        tokens = self._tokens
        self._startup.workers.end()
        minting = tokens is not None and tokens.stop_minting(MINT_TIMEOUT * self._reporter.process.timeout_factor)
        self._session.abort()
        if tokens is not None:
            tokens.revoke_all(urgent=True, within=AFTER_A_MINT if minting else URGENT_TIMEOUT)
        if not minting:  # else the time is up
            self._session.wait_until_idle(_TO_REPORT)

    def _options(self) -> ReleaseOptions:
        inputs = self._inputs
        return ReleaseOptions(
            plan=PlanPolicy(
                skip_existing=inputs.skip_existing,
                like_pypi=inputs.index.is_public or inputs.index.is_loopback,
                run_attempt=self._reporter.context.run_attempt,
                now=self._clock.now(),
                strict=inputs.strict,
                ignore=inputs.ignore,
            ),
            concurrency=inputs.index.concurrency,
            most_concurrency=inputs.index.most_concurrency,
            wait_for_index=inputs.index.default_wait if inputs.wait_for_index is None else inputs.wait_for_index,
            listing_required=bool(inputs.wait_for_index),
            dry_run=inputs.dry_run,
            index_verifies=self._index_verifies,
        )

    def _verify(self) -> VerifiedJob:
        job = verify_identity(
            check_runner=self._startup.job,
            index=self._startup,
            identity=self._startup.identity,
            policy=self._policy,
            clock=self._clock,
            emit=self._background.emit,
        )
        protection = self._startup.protection()
        self._background.emit(protection.event())
        found = judge_protection(
            protection,
            event_name=job.accepted.claims.event_name,
            is_pypi=self._inputs.index.is_pypi,
            required=self._inputs.require_protection,
        )
        stops = [diagnosis for diagnosis in found if diagnosis.severity is Severity.ERROR]
        if stops:
            raise WorkflowError(*stops)
        for diagnosis in found:
            self._background.emit(DiagnosisReported(diagnosis=diagnosis))
        self._attestations.begin(job.accepted.claims)
        self._job = job
        return job

    def _policy(self, audience: Audience) -> ClaimsPolicy:
        job = self._reporter.context.job or "publish"
        return ClaimsPolicy(environment=self._inputs.environment, audience=audience, job=job)

    def _upload_tokens(self, job: VerifiedJob, plan: UploadPlan) -> UploadTokens:
        def explain(answer: Answer) -> PublishError:
            return explain_refusal(
                answer,
                claims=job.accepted.claims,
                index=self._inputs.index.info,
                projects=plan.project_names,
                unknown_projects=plan.new_projects,
            )

        spare = min(self._inputs.index.concurrency, len(plan.uploads)) - 1
        self._startup.connect([self._inputs.index.upload_url] * spare)
        self._tokens = UploadTokens(
            session=self._session,
            urls=self._inputs.index,
            audience=job.audience,
            request_identity=job.identity.request,
            explain=explain,
            register_secret=self._reporter.register,
            clock=self._clock,
            emit=self._background.emit,
            random=self._reporter.process.random,
        )
        return self._tokens

    def _signing_setup(self) -> SigningSetup:
        from ..attestations.prepare import SigningSetup
        from ..io.retrying import Retrier

        reporter, job = self._reporter, self._job
        if job is None:
            raise RuntimeError("attestations are made after the job is verified")
        return SigningSetup(
            session=self._session,
            request_identity=job.identity.request,
            private=reporter.private_folder(),
            folder=reporter.attestations_folder,
            trust=reporter.process.sigstore_trust,
            retrier=Retrier(clock=self._clock, emit=self._background.emit, random=reporter.process.random),
            map_=in_threads,
        )

    def _signing_unsupported(self) -> PublishError | None:
        """Why the packages that sign cannot be installed on this Python, if this run would install them."""
        if self._reporter.process.install is None:
            return None
        from ..installation.installer import unsupported

        return unsupported("attestations")

    def _install_signing(self) -> None:
        install = self._reporter.process.install
        if install is not None:
            install("attestations")
