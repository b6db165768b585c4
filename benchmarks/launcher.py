"""Starts one command from a small process, and writes down what the operating system says of it.

``python -I -S launcher.py REPORT COMMAND...``, with the environment and the folder that the command is to have. A child
that is started by a large process is charged with its parent's memory until it becomes the command, so whoever wants to
know a peak must be small itself. Standard library only.
"""

import json
import os
import sys
import threading
import time

_COUNTS_BYTES = "darwin"
"""Where the peak is counted in bytes; everywhere else in kibibytes."""
_LOOK_EVERY = 0.02
"""Seconds between two looks at all processes."""


def main(report: str, command: list[str]) -> int:
    """Run the command to its end and write its times (seconds), peak (bytes) and exit code as JSON."""
    began = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    looks = [0]
    threading.Thread(target=watch, args=(pid, looks), daemon=True).start()
    _, status, usage = os.wait4(pid, 0)
    figures = {
        "began": began,
        "wall": time.monotonic() - began,
        "cpu": usage.ru_utime + usage.ru_stime,
        "memory": usage.ru_maxrss * (1 if sys.platform == _COUNTS_BYTES else 1024),
        "together": max(looks) or None,
        "code": os.waitstatus_to_exitcode(status),
    }
    with open(report, "w", encoding="utf-8") as file:  # noqa: PTH123 - pathlib would make this process larger
        json.dump(figures, file)
    return 0


def watch(pid: int, looks: list[int]) -> None:
    """Note how many bytes are resident in the process and everything below it; nothing where there is no ``/proc``."""
    while True:
        time.sleep(_LOOK_EVERY)
        looks.append(resident(pid))


def resident(pid: int) -> int:
    """Bytes of memory of a process and its descendants; what several of them share is counted for each."""
    try:
        with open(f"/proc/{pid}/statm") as file:  # noqa: PTH123 - as above
            pages = int(file.read().split()[1])
        with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
            children = file.read().split()
    except (OSError, IndexError):  # it has ended
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") + sum(resident(int(child)) for child in children)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
