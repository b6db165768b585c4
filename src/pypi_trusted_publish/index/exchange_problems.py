"""When the exchange gets no usable answer: what happened and what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Diagnosis, IndexRefused, IndexUnavailable, PublishError

if TYPE_CHECKING:
    from .attempts import NoAnswer
    from .urls import IndexUrls


def mint_unanswered(urls: IndexUrls, none: NoAnswer) -> IndexUnavailable:
    """No try to mint brought an answer."""
    return IndexUnavailable(
        Diagnosis(
            code="mint-no-answer",
            happened=f"{urls.title} did not answer the request for an upload token: {none.phrase}.",
            cause=f"The index or the way to it is disturbed; {none.tries} tries were made, each with a fresh identity "
            "token.",
            remedy="Run the failed job again later; nothing was uploaded with this token.",
            facts=(("url", urls.mint_url), ("tries", str(none.tries)), ("last trouble", none.trouble.value)),
        )
    )


def audience_unanswered(urls: IndexUrls, none: NoAnswer) -> IndexUnavailable:
    """No try to learn the audience brought an answer."""
    return IndexUnavailable(
        Diagnosis(
            code="audience-no-answer",
            happened=f"{urls.title} did not say for whom the identity token has to be: {none.phrase}.",
            cause="The index or the way to it is disturbed, or the host name is mistyped. Tries: " + f"{none.tries}.",
            remedy="Check the input 'repository-url', and run the failed job again later; nothing was sent.",
            facts=(("url", urls.audience_url), ("tries", str(none.tries)), ("last trouble", none.trouble.value)),
        )
    )


def audience_refused(urls: IndexUrls, *, status: int, message: str, location: str) -> PublishError:
    """The audience endpoint answered, but not 200."""
    facts = (("url", urls.audience_url), ("status", str(status)), ("index said", message))
    if status in {404, 405, 410}:
        return IndexRefused(
            Diagnosis(
                code="no-trusted-publishing",
                happened=f"{urls.title} has no Trusted Publishing: asked for its audience it answers {status}.",
                cause="This index software does not offer it, or 'repository-url' is not the URL of the index.",
                remedy="This action can publish only where Trusted Publishing is offered: check 'repository-url', or "
                "use another tool for this index.",
                facts=facts,
            )
        )
    if status == 403:  # noqa: PLR2004  # what PyPI answers while it is switched off
        return IndexUnavailable(
            Diagnosis(
                code="trusted-publishing-off",
                happened=f"{urls.title} has switched Trusted Publishing off: {message}.".replace("..", "."),
                cause="Its administrators do that during an incident.",
                remedy="Look at the status page of the index, and run the failed job again later.",
                facts=facts,
            )
        )
    where = f", and leads to {location}" if location else ""
    return IndexRefused(
        Diagnosis(
            code="audience-refused",
            happened=f"{urls.title} names no audience for the identity token: {status} {message}{where}.",
            cause="'repository-url' is probably not the index's own URL; redirects to another host are not followed.",
            remedy="Set the input 'repository-url' to the index's own upload URL.",
            facts=(*facts, ("leads to", location)) if location else facts,
        )
    )
