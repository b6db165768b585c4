from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from builders.release import distribution, page, published
from pypi_trusted_publish.core.plan import PlanPolicy, plan_uploads
from pypi_trusted_publish.core.project_page import PageState, ProjectPage
from pypi_trusted_publish.core.schedule import schedule

if TYPE_CHECKING:
    from pypi_trusted_publish.checks.model import Distribution

POLICY = PlanPolicy(skip_existing=False, like_pypi=True, run_attempt=1, now=0.0)


def waves(*files: Distribution, pages: tuple[ProjectPage, ...]) -> list[list[str]]:
    plan = plan_uploads(files, {page.project: page for page in pages}, POLICY)
    return [[file.filename for file in wave] for wave in schedule(plan)]


def wheel(tag: str, *, project: str = "demo", size: int = 10) -> Distribution:
    return distribution(f"{project}-1.0-py3-none-{tag}.whl", size=size)


def test_the_first_file_goes_alone_then_the_wheels_together_then_the_sdist_alone() -> None:
    files = wheel("any", size=1), wheel("win32"), wheel("win_amd64", size=99), distribution("demo-1.0.tar.gz")
    assert waves(*files, pages=(page(),)) == [
        ["demo-1.0-py3-none-any.whl"],
        ["demo-1.0-py3-none-win_amd64.whl", "demo-1.0-py3-none-win32.whl"],
        ["demo-1.0.tar.gz"],
    ]


def test_an_sdist_creates_the_release_only_when_there_is_no_wheel() -> None:
    assert waves(distribution("demo-1.0.tar.gz"), pages=(page(),)) == [["demo-1.0.tar.gz"]]


def test_a_release_that_is_there_already_needs_no_lonely_first_file() -> None:
    there = page(published(wheel("any")))
    assert waves(wheel("win32"), wheel("win_amd64"), pages=(there,)) == [
        ["demo-1.0-py3-none-win32.whl", "demo-1.0-py3-none-win_amd64.whl"]
    ]


def test_projects_that_the_index_does_not_know_go_first() -> None:
    pages = page(project="aaa"), page(project="zzz", state=PageState.NO_PROJECT)
    got = waves(wheel("any", project="aaa"), wheel("any", project="zzz"), pages=pages)
    assert got == [["zzz-1.0-py3-none-any.whl"], ["aaa-1.0-py3-none-any.whl"]]


def test_wheels_of_all_releases_share_one_wave() -> None:
    files = [wheel(tag, project=project) for project in ("a", "b") for tag in ("any", "win32")]
    got = waves(*files, pages=(page(project="a"), page(project="b")))
    assert [len(wave) for wave in got] == [1, 1, 2]


def test_what_is_there_already_is_not_scheduled() -> None:
    assert waves(wheel("any"), pages=(page(published(wheel("any"))),)) == []


def test_an_unreadable_page_counts_as_no_release() -> None:
    unknown = page(state=PageState.UNREADABLE)
    assert [len(wave) for wave in waves(wheel("any"), wheel("win32"), pages=(unknown,))] == [1, 1]
    assert unknown.project == canonicalize_name("demo")
