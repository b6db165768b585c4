"""Let every example and page pin this action by the commit of one release: ``pin.py VERSION [COMMIT]``.

Without a commit the tag ``v<VERSION>`` of this checkout names it. Run by ``.github/workflows/release.yml`` after each
release: a commit cannot hold its own hash, so the pins follow in the next one.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
PIN: Final = re.compile(
    r"(?P<action>\borg/pypi-trusted-publish(?:/check)?)@(?P<commit>[0-9a-f]{40})"
    r"(?P<space> +)# v(?P<version>\d+\.\d+\.\d+)"
)
PLACES: Final = ("README.md", "docs/*.md", "examples/*.yml")


def pinned(text: str, version: str, commit: str) -> str:
    """``text`` with every pin of this action moved to a release."""
    return PIN.sub(rf"\g<action>@{commit}\g<space># v{version}", text)


def pages(root: Path = ROOT) -> list[Path]:
    """Every file that may pin this action."""
    return sorted(path for pattern in PLACES for path in root.glob(pattern))


def pin(root: Path, version: str, commit: str) -> list[Path]:
    """Move the pins of a checkout; returns the files that changed."""
    changed = []
    for path in pages(root):
        before = path.read_text(encoding="utf-8")
        after = pinned(before, version, commit)
        if after != before:
            path.write_text(after, encoding="utf-8", newline="\n")
            changed.append(path)
    return changed


def commit_of(root: Path, version: str) -> str:
    """The commit that the tag of a version names."""
    command = ["git", "-C", str(root), "rev-parse", "--verify", f"refs/tags/v{version}^{{commit}}"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main(arguments: list[str]) -> int:
    """Move the pins, and say which files changed."""
    version = arguments[0].removeprefix("v")
    commit = arguments[1] if arguments[1:] else commit_of(ROOT, version)
    if not re.fullmatch(r"[0-9a-f]{40}", commit) or not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.stdout.write("usage: pin.py VERSION [COMMIT], such as 1.2.3 and a hash of 40 hexadecimal digits\n")
        return 2
    sys.stdout.writelines(
        f"{path.relative_to(ROOT).as_posix()} pins v{version}\n" for path in pin(ROOT, version, commit)
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
