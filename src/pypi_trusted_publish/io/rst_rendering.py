"""reStructuredText rendered as the index renders it, in this process; and the child process that does nothing else.

The library and its settings are those of the index (``readme-renderer`` with docutils 0.22 or newer; an older docutils
refuses what the index takes). Nothing that lies about can change the verdict: docutils reads no configuration file, and
file insertion and raw output are off.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Final

from ..checks.description import Rendering, Verdict

CHILD: Final = (
    "import json, sys; task = json.loads(sys.stdin.buffer.read()); sys.path[:] = task['path']; "
    "from pypi_trusted_publish.io.rst_rendering import answer; answer(task)"
)
"""What a child is told to run (``python -I -S -c``): it finds no site-packages, only the folders that it is sent."""

_SYSTEM_MESSAGE: Final = re.compile(r"(?:<string>:(\d+):\s*)?(?:\([A-Z]+/\d\)\s*)?(.*)", re.DOTALL)
_LONGEST_MESSAGE: Final = 300
"""Characters of what docutils says that are told."""


SHORT_OF_MEMORY: Final = Rendering(verdict=Verdict.UNKNOWN, problem="it needs more memory than a check may take")


def load_renderer() -> None:
    """Import the index's renderer, without the compiled package that cleans its HTML: nobody sees that HTML here.

    Raises ImportError.
    """
    sys.modules.setdefault("nh3", ModuleType("nh3"))
    import readme_renderer.rst  # noqa: F401 - only where reStructuredText must be rendered


def render_rst(text: str) -> Rendering:
    """What the index makes of a description. Imports docutils, which must be there."""
    load_renderer()
    from docutils.core import publish_parts
    from docutils.utils import SystemMessage
    from docutils.writers.html5_polyglot import Writer
    from readme_renderer.rst import SETTINGS, ReadMeHTMLTranslator

    writer = Writer()
    writer.translator_class = ReadMeHTMLTranslator
    settings = {**SETTINGS, "_disable_config": True, "warning_stream": io.StringIO()}
    try:
        parts = publish_parts(text, writer=writer, settings_overrides=settings)
    except SystemMessage as refused:
        return _refused(str(refused))
    except RecursionError:
        return Rendering(verdict=Verdict.REFUSED, problem="its blocks are nested too deeply")
    except MemoryError:
        return SHORT_OF_MEMORY
    except Exception as failed:  # noqa: BLE001 - the index fails on whatever docutils fails on, with a bare 500
        return Rendering(verdict=Verdict.REFUSED, problem=f"docutils fails on it ({type(failed).__name__})")
    if not (parts.get("docinfo", "") + parts.get("fragment", "")):
        return Rendering(verdict=Verdict.REFUSED, problem="nothing is shown of it")
    return Rendering(verdict=Verdict.RENDERED)


def _refused(message: str) -> Rendering:
    """The verdict of docutils' first complaint: ``<string>:LINE: (ERROR/3) sentences``, and the source behind it."""
    match = _SYSTEM_MESSAGE.fullmatch(message)
    line, told = (match[1], match[2]) if match else (None, message)
    sentences = " ".join(told.partition("\n\n")[0].split())
    problem = f"docutils says: {sentences[:_LONGEST_MESSAGE].rstrip('.')}"
    return Rendering(verdict=Verdict.REFUSED, problem=problem, line=int(line) if line else None)


def answer(task: dict[str, object]) -> None:
    """Render the ``text`` of a task within ``seconds`` of processor time and ``bytes`` of memory; tell the verdict."""
    size = int(str(task["bytes"]))
    _limit(int(str(task["seconds"])), size)
    rendering = render_rst(str(task["text"]))
    if rendering.verdict is Verdict.REFUSED and _peak_memory() > size // 2:
        rendering = SHORT_OF_MEMORY  # libraries disguise it as a failure of their own
    told = {"verdict": rendering.verdict.value, "problem": rendering.problem, "line": rendering.line}
    sys.stdout.buffer.write(json.dumps(told).encode())
    sys.stdout.buffer.flush()


def _limit(seconds: int, size: int) -> None:
    """Bound this process, as far as the system lets us.

    Windows has no such bounds, there only the parent's clock counts; macOS takes none on the address space; and where
    a lower one holds already, it stays.
    """
    try:
        import resource
    except ImportError:
        return
    for kind, most in ((resource.RLIMIT_CPU, seconds), (resource.RLIMIT_AS, size), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(kind, (most, most))


def _peak_memory() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not tell.

    Linux tells the address space (``VmPeak``), which is what the bound counts: half of it need never have been touched.
    Elsewhere it is what was resident at once.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return int(status.partition("VmPeak:")[2].split(maxsplit=1)[0]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
