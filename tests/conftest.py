"""What holds for every test: one Hypothesis profile, and test names that depend on nothing but the code."""

from __future__ import annotations

import os
from typing import Final

from hypothesis import HealthCheck, settings

LONGEST_NAME: Final = 60

# The first draw fills Hypothesis's tables, which takes seconds on a busy machine: neither a deadline nor the health
# check for slow draws says anything about this project.
settings.register_profile(
    "project",
    deadline=None,
    max_examples=100,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    print_blob=True,
)
settings.load_profile("project")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a parameter of bytes, or of a long text, after its argument; pytest numbers what has the same name.

    The workers of pytest-xdist collect the tests each on their own and must arrive at the same names, whatever a
    compressor or a clock puts into such a value.
    """
    if isinstance(val, bytes) or (isinstance(val, str) and len(val) > LONGEST_NAME):
        return argname
    return None
