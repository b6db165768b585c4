"""Ends that no well-behaved server gives: cut connections, raw bytes, answers that never come or never end."""

from __future__ import annotations

import asyncio
import socket
import struct
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from .fault import Moment
from .traffic import note_of

_POLL: Final = 0.02
_BREATH: Final = 0.001
_LINGER_NOT: Final = struct.pack("ii", 1, 0)
_FLOOD: Final = b"0" * (64 << 10)
_FLOOD_AT_MOST: Final = 1 << 30


class _Silence(web.StreamResponse):
    """Stands for an answer that was given by hand, or not at all: nothing more is written."""

    def __init__(self) -> None:
        super().__init__()
        self.force_close()

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing."""


async def read_away(request: web.Request) -> None:
    """Take the whole body and forget it."""
    async for _ in request.content.iter_any():
        pass


def cut(moment: Moment) -> web.StreamResponse:
    """Reset the connection."""
    transport = moment.request.transport
    if isinstance(transport, asyncio.WriteTransport):
        connection = transport.get_extra_info("socket")
        if connection is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        transport.abort()
    return _silent(moment)


async def hang(moment: Moment) -> web.StreamResponse:
    """Say nothing until the client goes away."""
    while _is_open(moment):
        await _pause(_POLL)
    return _silent(moment)


async def say_raw(moment: Moment, data: bytes) -> web.StreamResponse:
    """Write these bytes instead of an answer, and close the connection."""
    transport = moment.request.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.write(data)
        transport.close()
    return _silent(moment)


async def flood(moment: Moment, head: bytes) -> web.StreamResponse:
    """Write a head and then a body without end, until the client goes away (or a gigabyte)."""
    transport = moment.request.transport
    if isinstance(transport, asyncio.WriteTransport):
        transport.write(head)
        for _ in range(_FLOOD_AT_MOST // len(_FLOOD)):
            if not _is_open(moment):
                break
            if transport.get_write_buffer_size() < len(_FLOOD):
                transport.write(_FLOOD)
            await _pause(_BREATH)
        transport.abort()
    return _silent(moment)


async def _pause(seconds: float) -> None:
    await asyncio.sleep(seconds)


def _is_open(moment: Moment) -> bool:
    transport = moment.request.transport
    return transport is not None and not transport.is_closing()


def _silent(moment: Moment) -> web.StreamResponse:
    note_of(moment.request).silent = True
    return _Silence()
