"""In which order files are sent: the first of a release alone, then the rest together, sdists last.

Files that create one release at the same time fail on the index (observed on its server code in August 2026: six of
eight answered 500), so whatever creates something goes alone. Wheels go before the sdist, so that nobody is made to
build from source in between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..checks.model import Kind
from .plan import has_release
from .project_page import PageState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..checks.model import Distribution
    from .plan import UploadPlan

Wave: TypeAlias = "tuple[Distribution, ...]"
"""Files that may be sent at the same time; the next wave begins when all of them have been answered."""


def schedule(plan: UploadPlan) -> tuple[Wave, ...]:
    """The plan's uploads as waves, in order.

    First the file that creates each project, one by one, then the file that creates each further release, one by one,
    then every other wheel at once (the largest first, so that no lane ends late), then the sdists, one by one.
    """
    firsts = _creators(plan)
    alone = {file.path for file in firsts}
    rest = [distribution for distribution in plan.uploads if distribution.path not in alone]
    wheels = sorted((file for file in rest if file.kind is Kind.WHEEL), key=lambda file: (-file.size, file.filename))
    sdists = sorted((file for file in rest if file.kind is Kind.SDIST), key=lambda file: file.filename)
    together = (tuple(wheels),) if wheels else ()
    return (*((file,) for file in firsts), *together, *((file,) for file in sdists))


def _creators(plan: UploadPlan) -> list[Distribution]:
    releases: dict[object, list[Distribution]] = {}
    for distribution in plan.uploads:
        releases.setdefault(distribution.release, []).append(distribution)
    creators = [
        _first(files) for files in releases.values() if not has_release(plan.page(files[0].project), files[0].version)
    ]
    return sorted(creators, key=lambda file: (not _is_new(plan, file), file.project, file.version))


def _first(files: Iterable[Distribution]) -> Distribution:
    return min(files, key=lambda file: (file.kind is Kind.SDIST, file.size, file.filename))


def _is_new(plan: UploadPlan, distribution: Distribution) -> bool:
    return plan.page(distribution.project).state is PageState.NO_PROJECT
