"""What can happen to one request: the verbs of the fault table."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from aiohttp import web

from .answers import Refusal, exchange_refusal, refusal
from .fault import Moment, Play
from .silence import cut, flood, hang, read_away, say_raw

CDN_PAGE: Final = (
    "<!DOCTYPE html>\n<html><head><title>{status} {reason}</title></head>\n<body><h1>Error {status} {reason}</h1>\n"
    "<p>Guru Meditation:</p><p>Details: cache-rehearsal-RHL 1795509579</p><hr><p>Cache server</p></body></html>\n"
)
SLOW_SECONDS: Final = 0.3
_BAD: Final = 400


def answer(
    status: int,
    body: str = "",
    *,
    reason: str | None = None,
    content_type: str = "text/plain",
    headers: Mapping[str, str] | None = None,
) -> Play:
    """Take the request's body and give this answer; nothing else happens."""

    async def play(moment: Moment) -> web.StreamResponse:
        await read_away(moment.request)
        return web.Response(status=status, reason=reason, text=body, content_type=content_type, headers=headers)

    return play


def page_of_html(status: int, reason: str) -> Play:
    """The error page of a content delivery network, instead of the server's answer."""
    body = CDN_PAGE.format(status=status, reason=reason)
    return answer(status, body, reason=reason, content_type="text/html")


def refuse(status: int, message: str) -> Play:
    """Say no to an upload, in the manner of PyPI."""

    async def play(moment: Moment) -> web.StreamResponse:
        await read_away(moment.request)
        return refusal(moment.request, Refusal(status, message))

    return play


def refuse_mint(code: str, description: str) -> Play:
    """Say no to a mint, in the manner of PyPI."""

    async def play(moment: Moment) -> web.StreamResponse:
        await read_away(moment.request)
        return exchange_refusal(code, description)

    return play


async def reset_before_body(moment: Moment) -> web.StreamResponse:
    """Cut the connection without reading the body."""
    return cut(moment)


async def reset_after_body(moment: Moment) -> web.StreamResponse:
    """Cut the connection when the body is there; nothing else happens."""
    await read_away(moment.request)
    return cut(moment)


async def reset_after_work(moment: Moment) -> web.StreamResponse:
    """Do everything, and cut the connection instead of saying so."""
    await moment.proceed()
    return cut(moment)


async def hang_before_work(moment: Moment) -> web.StreamResponse:
    """Take the body, do nothing, say nothing."""
    await read_away(moment.request)
    return await hang(moment)


async def hang_after_work(moment: Moment) -> web.StreamResponse:
    """Do everything, and never say so."""
    await moment.proceed()
    return await hang(moment)


async def be_slow(moment: Moment) -> web.StreamResponse:
    """Answer properly, a little later than usual."""
    await asyncio.sleep(SLOW_SECONDS)
    return await moment.proceed()


def work_then_answer(status: int, body: str, *, content_type: str) -> Play:
    """Do everything, and then give this answer; a success is not claimed for what the server refuses."""

    async def play(moment: Moment) -> web.StreamResponse:
        done = await moment.proceed()
        if status < _BAD <= done.status:
            return done
        return web.Response(status=status, text=body, content_type=content_type)

    return play


def raw(data: bytes) -> Play:
    """Take the body and write these bytes instead of an answer."""

    async def play(moment: Moment) -> web.StreamResponse:
        await read_away(moment.request)
        return await say_raw(moment, data)

    return play


def work_then_raw(data: bytes) -> Play:
    """Do everything and write these bytes instead of the answer."""

    async def play(moment: Moment) -> web.StreamResponse:
        await moment.proceed()
        return await say_raw(moment, data)

    return play


def work_then_flood(head: bytes) -> Play:
    """Do everything and answer with a body that does not end, unless the server refuses."""

    async def play(moment: Moment) -> web.StreamResponse:
        done = await moment.proceed()
        if done.status >= _BAD:
            return done
        return await flood(moment, head)

    return play


def flood_only(head: bytes) -> Play:
    """Answer with a body that does not end; nothing else happens."""

    async def play(moment: Moment) -> web.StreamResponse:
        await read_away(moment.request)
        return await flood(moment, head)

    return play


async def gone(moment: Moment) -> web.StreamResponse:
    """Answer this request, and refuse every connection to the index from then on."""
    response = await moment.proceed()
    response.force_close()
    await moment.index.server.stop_listening(spare=moment.request.transport)
    return response


def with_claims(changes: Mapping[str, object]) -> Play:
    """Let GitHub sign other claims, this once."""

    async def play(moment: Moment) -> web.StreamResponse:
        issuer = moment.index.github.issuer
        claims = dict(issuer.claims)
        issuer.claims.update(changes)
        try:
            return await moment.proceed()
        finally:
            issuer.claims.clear()
            issuer.claims.update(claims)

    return play


def with_lifetime(seconds: int) -> Play:
    """Let the token that is minted now live so long."""

    async def play(moment: Moment) -> web.StreamResponse:
        tokens = moment.index.tokens
        usual, tokens.lifetime = tokens.lifetime, seconds
        try:
            return await moment.proceed()
        finally:
            tokens.lifetime = usual

    return play


async def expire_tokens(moment: Moment) -> web.StreamResponse:
    """Let every token that was minted so far run out now, before anybody thought; then go on."""
    for token in moment.index.tokens.issued:
        token.expires_at = 0.0
    return await moment.proceed()
