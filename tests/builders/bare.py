"""What a child must find in its environment to run at all, when it is to find nothing else of this machine."""

from __future__ import annotations

import os
from typing import Final

NEEDED: Final = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
"""Windows opens no socket, and starts no older Python, without it; elsewhere empty."""
