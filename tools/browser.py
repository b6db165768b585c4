"""A headless Chromium over its debugging pipe: pages as phones, the dark and printers show them, and what they ask for.

Needs nothing but the standard library and a Chromium on PATH (Debian's package ``chromium``). Linux and macOS.
"""

from __future__ import annotations

import base64
import json
import math
import shutil
import subprocess
import tempfile
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from typing_extensions import Self

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
_WIDEST_PHONE: Final = 500
_END: Final = b"\0"


def find_browser() -> str | None:
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One browser with one page; a context manager."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._number = 0
        self._pending = b""
        self.events: deque[Mapping[str, Any]] = deque()
        """What the page did since it was opened: requests, violations of its policy, messages."""

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [self._program, *_FLAGS, f"--user-data-dir={self._folder.name}"]
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null', "sh", *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._session = ""
        try:
            target = self._ask("Target.createTarget", url="about:blank")["targetId"]
            self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
                self._ask(f"{domain}.enable")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with self._process:  # waits, and closes its pipes
            pass
        self._folder.cleanup()

    def show(self, url: str, *, width: int, dark: bool = False, media: str = "screen") -> None:
        """Open a page, ``width`` CSS pixels wide; ``media``: ``screen`` or ``print``. Waits until it is loaded."""
        self._ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=800,
            deviceScaleFactor=1,
            mobile=width < _WIDEST_PHONE,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._ask("Emulation.setEmulatedMedia", media=media, features=[scheme])
        self.events.clear()
        self._ask("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def value(self, expression: str) -> Any:
        """What an expression of JavaScript is in the page; the policy of the page does not stop the debugger."""
        answer = self._ask("Runtime.evaluate", expression=expression, returnByValue=True)
        return answer["result"].get("value")

    def requests(self) -> list[str]:
        """The URLs that the page asked for, itself included."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def photograph(self, picture: Path, *, height: float = math.inf) -> None:
        """The page as a PNG, at most so many pixels of it."""
        width, whole = self.value("[innerWidth, document.documentElement.offsetHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, whole), "scale": 1}
        taken = self._ask("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        picture.write_bytes(base64.b64decode(taken["data"]))

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self._ask("Page.printToPDF", printBackground=False)["data"])

    def _ask(self, method: str, **parameters: object) -> Mapping[str, Any]:
        self._number += 1
        message: dict[str, object] = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        cast("BinaryIO", self._process.stdin).write(json.dumps(message).encode() + _END)
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: Mapping[str, Any] = answer["result"]
                return result
            if "method" in answer:
                self.events.append(answer)

    def _read(self) -> Mapping[str, Any]:
        while _END not in self._pending:
            data = cast("BinaryIO", self._process.stdout).read(1 << 20)
            if not data:
                raise RuntimeError("Chromium ended")
            self._pending += data
        message, _, self._pending = self._pending.partition(_END)
        read: Mapping[str, Any] = json.loads(message)
        return read
