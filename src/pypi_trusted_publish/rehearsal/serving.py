"""A thread with an event loop that serves one aiohttp application on loopback ports that can be closed and opened."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from aiohttp import web

_T = TypeVar("_T")
HOST: Final = "127.0.0.1"
_KEEP_ALIVE: Final = 75.0
_READ_AHEAD: Final = 1 << 18
"""Bytes of a body that may wait for each connection."""
_TURNS: Final = 5
"""Of the loop, until what was due is done."""
_PATIENCE: Final = 30.0
"""Seconds that starting, stopping and each errand may take."""


class LoopThread:
    """Two listeners over one application: the index, and GitHub's side of it."""

    def __init__(self, *, port: int, on_connection: Callable[[asyncio.BaseProtocol], None]) -> None:
        self.port = port
        """Of the index; 0 until it is known."""
        self.identity_port = 0
        self._on_connection = on_connection
        self._context: ssl.SSLContext | None = None
        self._loop = asyncio.SelectorEventLoop()  # the loop that Windows has by default knows no remove_reader
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None
        self._identity_listener: asyncio.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, application: web.Application, context: ssl.SSLContext | None) -> None:
        """Serve from now on; returns when both ports are open."""
        self._context = context
        self._runner = web.AppRunner(
            application,
            access_log=None,
            keepalive_timeout=_KEEP_ALIVE,
            shutdown_timeout=0.1,
            handle_signals=False,
            read_bufsize=_READ_AHEAD,
        )
        self._thread = threading.Thread(target=self._loop.run_forever, name="embedded-index", daemon=True)
        self._thread.start()
        self.run(self._start(self._runner))

    def stop(self) -> None:
        """Cut every connection and end the thread."""
        if self._thread is None:
            return
        self.run(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE)
        self._loop.close()
        self._thread = None

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Run a coroutine in the loop and return what it returns."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE)

    async def listen(self) -> None:
        """Accept connections to the index (again), on the same port."""
        if self._listener is None:
            self._listener, self.port = await self._open(self.port)

    async def stop_listening(self, *, spare: asyncio.BaseTransport | None = None) -> None:
        """Refuse every new connection to the index and cut those that are there but one, until :meth:`listen`."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await self._close(listener)
        if self._runner is not None and self._runner.server is not None:
            for connection in list(self._runner.server.connections):
                if connection.transport is not None and connection.transport is not spare:
                    connection.transport.abort()

    async def _start(self, runner: web.AppRunner) -> None:
        await runner.setup()
        await self.listen()
        self._identity_listener, self.identity_port = await self._open(0)

    async def _stop(self) -> None:
        await self.stop_listening()
        if self._identity_listener is not None:
            await self._close(self._identity_listener)
        await self.stop_listening()  # cuts what came in the meantime
        if self._runner is not None:
            await self._runner.cleanup()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await _settle()
        await self._loop.shutdown_default_executor()

    async def _close(self, listener: asyncio.Server) -> None:
        """Accept nothing more, finish what is being accepted, then close: asyncio drops a half-made connection."""
        for listening in listener.sockets:
            self._loop.remove_reader(listening.fileno())
        await _settle()
        listener.close()

    async def _open(self, port: int) -> tuple[asyncio.Server, int]:
        listening = socket.create_server((HOST, port), backlog=512)
        listening.setblocking(False)
        bound: int = listening.getsockname()[1]
        return await self._loop.create_server(self._connect, sock=listening, ssl=self._context), bound

    def _connect(self) -> asyncio.BaseProtocol:
        if self._runner is None or self._runner.server is None:
            raise RuntimeError("the embedded index is not running")
        protocol: asyncio.BaseProtocol = self._runner.server()
        self._on_connection(protocol)
        return protocol


async def _settle() -> None:
    """Let the loop finish what is due: connections that are being made, and those that are being cut."""
    for _ in range(_TURNS):
        await asyncio.sleep(0)
