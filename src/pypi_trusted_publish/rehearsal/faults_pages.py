"""Faults of the index's pages, states of a project, and GitHub's REST API."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from . import plays
from .catalogue import DAY, PublishedFile
from .fault import Ending, Fault, Play, Scene, Setting
from .pages import JSON_TYPE
from .traffic import Endpoint

LATE_POLLS: Final = 3
"""Looks at a page before a new file is on it."""
_HUGE: Final = b"HTTP/1.1 200 OK\r\nContent-Type: " + JSON_TYPE.encode() + b"\r\n\r\n"


def _page(name: str, statement: str, play: Play, *, always: Ending = Ending.FINISHED, passing: bool = True) -> Fault:
    """Elsewhere than on PyPI a plan does without a page; a page that never comes confirms nothing, and that is all."""
    return Fault(
        name=f"page-{name}",
        statement=statement,
        endpoint=Endpoint.PAGE,
        play=play,
        once=Ending.FINISHED,
        always=always,
        passing=passing,
    )


def _state(name: str, statement: str, setting: Setting, ending: Ending) -> Fault:
    return Fault(name=name, statement=statement, endpoint=Endpoint.INDEX, setting=setting, once=ending, lasts=True)


def _with_status(status: str) -> Setting:
    def setting(scene: Scene) -> None:
        for project in scene.index.catalogue.projects.values():
            project.status, project.status_reason = status, "::error::for a rehearsal"

    return setting


def _close_release(scene: Scene) -> None:
    """Each release has a file of long ago."""
    for name, version in scene.releases:
        _put_file(scene, f"{name.replace('-', '_')}-{version}-0-py3-none-any.whl", name, version, age=15 * DAY)


def _take_names(scene: Scene) -> None:
    """Other bytes have our names already."""
    for filename, (name, version) in scene.release_of.items():
        _put_file(scene, filename, name, version)


def _take_sdist(scene: Scene) -> None:
    """Each release has an sdist already, under the name that old tools gave it."""
    for name, version in scene.releases:
        _put_file(scene, f"{name}-{version}.zip", name, version)


def _use_up_names(scene: Scene) -> None:
    """Our names were used once, and their files deleted."""
    scene.index.catalogue.used_filenames.update(scene.filenames)


def _put_file(scene: Scene, filename: str, name: str, version: str, *, age: float = 0.0) -> None:
    catalogue = scene.index.catalogue
    catalogue.create_project(name)
    catalogue.add(
        PublishedFile(
            filename=filename,
            project=canonicalize_name(name),
            version=Version(version),
            filetype="bdist_wheel" if filename.endswith(".whl") else "sdist",
            sha256=hashlib.sha256(filename.encode()).hexdigest(),
            blake2b_256=hashlib.blake2b(filename.encode(), digest_size=32).hexdigest(),
            size=len(filename),
            uploaded_at=scene.index.time() - age,
            path=scene.index.folder / filename,
            fields=(),
            number=catalogue.next_number(),
        )
    )


def _hide_at_first(scene: Scene) -> None:
    seen: Counter[str] = Counter()

    def hidden(file: PublishedFile) -> bool:
        seen[file.filename] += 1
        return seen[file.filename] <= LATE_POLLS

    scene.index.pages.hidden = hidden


def _hide(scene: Scene) -> None:
    scene.index.pages.hidden = lambda _file: True


PAGE_FAULTS: Final = (
    _page("404", "The index shows no page of the project.", plays.answer(404, "404 Not Found"), passing=False),
    _page("401", "The index shows its pages to nobody.", plays.answer(401, "Unauthorized"), passing=False),
    _page("403", "The index does not show the page.", plays.answer(403, "Forbidden"), passing=False),
    _page("500", "The page answers 500.", plays.answer(500, "Internal Server Error")),
    _page("cdn", "The page answers 503 with a CDN's HTML.", plays.page_of_html(503, "Backend fetch failed")),
    _page("html", "The page comes as HTML.", plays.answer(200, "<html></html>", content_type="text/html")),
    _page("malformed-json", "The page is broken JSON.", plays.answer(200, '{"files": [', content_type=JSON_TYPE)),
    _page("strange-json", "The page is JSON of another form.", plays.answer(200, "[1, 2]", content_type=JSON_TYPE)),
    _page("reset", "The page cuts the connection.", plays.reset_before_body),
    _page("slow", "The page is slow.", plays.be_slow),
    Fault(
        name="page-huge",
        statement="The page does not end.",
        endpoint=Endpoint.PAGE,
        play=plays.flood_only(_HUGE),
        once=Ending.FINISHED,
    ),
    Fault(
        name="page-timeout",
        statement="The page never comes.",
        endpoint=Endpoint.PAGE,
        play=plays.hang_before_work,
        once=Ending.FINISHED,
        always=Ending.FINISHED,
        stalls=True,
    ),
    Fault(
        name="page-late",
        statement=f"A new file is on the page only at the {LATE_POLLS + 1}th look.",
        endpoint=Endpoint.PAGE,
        setting=_hide_at_first,
        once=Ending.FINISHED,
    ),
    Fault(
        name="page-never",
        statement="A new file never gets onto the page.",
        endpoint=Endpoint.PAGE,
        setting=_hide,
        once=Ending.FINISHED,
        confirmed=False,
        lasts=True,
    ),
)

STATE_FAULTS: Final = (
    _state("project-archived", "The project is archived.", _with_status("archived"), Ending.REFUSED),
    _state("project-quarantined", "The project is quarantined.", _with_status("quarantined"), Ending.REFUSED),
    _state("release-closed", "The release is older than 14 days.", _close_release, Ending.REFUSED),
    _state("names-taken", "Files with our names and other bytes are there.", _take_names, Ending.REFUSED),
    _state("sdist-there", "The release has an sdist of another name.", _take_sdist, Ending.REFUSED),
    _state("names-used", "Files with our names were there and were deleted.", _use_up_names, Ending.REFUSED),
)


def _leave_unprotected(scene: Scene) -> None:
    scene.index.github.protection_rules = []


PROTECTION_FAULTS: Final = (
    Fault(
        name="protection-none",
        statement="The environment has no protection.",
        endpoint=Endpoint.PROTECTION,
        setting=_leave_unprotected,
        once=Ending.FINISHED,
    ),
    *(
        Fault(
            name=f"protection-{name}",
            statement=statement,
            endpoint=Endpoint.PROTECTION,
            play=play,
            once=Ending.FINISHED,
            always=Ending.FINISHED,
            passing=not stalls,
            stalls=stalls,
        )
        for name, statement, play, stalls in (
            ("403", "GitHub's API does not show the environment.", plays.answer(403, '{"message": "no"}'), False),
            ("404", "GitHub's API knows no such environment.", plays.answer(404, '{"message": "Not Found"}'), False),
            ("500", "GitHub's API answers 500.", plays.answer(500, "oops"), False),
            ("html", "GitHub's API answers with HTML.", plays.page_of_html(200, "OK"), False),
            ("reset", "GitHub's API cuts the connection.", plays.reset_before_body, False),
            ("slow", "GitHub's API is slow.", plays.be_slow, False),
            ("timeout", "GitHub's API never answers.", plays.hang_before_work, True),
        )
    ),
)
