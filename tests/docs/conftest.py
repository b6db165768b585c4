"""Which of these tests run where."""

from __future__ import annotations

import sys

if sys.platform == "win32":  # the commands of the README are those of a shell that Windows does not have
    collect_ignore = ["test_readme_commands.py"]
