from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from builders.release import distribution, page, published
from pypi_trusted_publish.checks.model import Doubt
from pypi_trusted_publish.core.plan import PlanPolicy, plan_uploads
from pypi_trusted_publish.core.project_page import PageState, ProjectPage
from pypi_trusted_publish.core.schedule import schedule

if TYPE_CHECKING:
    from pypi_trusted_publish.checks.model import Distribution

POLICY = PlanPolicy(skip_existing=False, like_pypi=True, run_attempt=1, now=0.0)
TAG = Doubt(rule="name-platform-unknown", value="plan9")
VERSION = Doubt(rule="metadata-version-unknown", value="9.0")
SIZE = Doubt(rule="file-too-large", value="demo", by_size=True)


def batches(
    *files: Distribution, pages: tuple[ProjectPage, ...], doubts: Mapping[str, set[Doubt]] | None = None
) -> list[list[str]]:
    """What may be sent at the same time if every upload takes as long: each batch after the previous one."""
    plan = plan_uploads(files, {page.project: page for page in pages}, POLICY)
    left = list(schedule(plan, doubts or {}))
    arrived: set[str] = set()
    found: list[list[str]] = []
    while left:
        ready = [each for each in left if each.after <= arrived]
        assert ready, "what is left waits for itself"
        left = [each for each in left if each not in ready]
        found.append([each.distribution.filename for each in ready])
        arrived.update(found[-1])
    return found


def wheel(tag: str, *, project: str = "demo", version: str = "1.0", size: int = 10) -> Distribution:
    return distribution(f"{project}-{version}-py3-none-{tag}.whl", size=size)


def test_the_first_file_goes_alone_then_the_wheels_together_then_the_sdist_alone() -> None:
    files = wheel("any", size=1), wheel("win32"), wheel("win_amd64", size=99), distribution("demo-1.0.tar.gz")
    assert batches(*files, pages=(page(),)) == [
        ["demo-1.0-py3-none-any.whl"],
        ["demo-1.0-py3-none-win_amd64.whl", "demo-1.0-py3-none-win32.whl"],
        ["demo-1.0.tar.gz"],
    ]


def test_a_wheel_creates_the_release_even_when_the_sdist_is_smaller() -> None:
    files = wheel("any", size=1000), distribution("demo-1.0.tar.gz", size=1)
    assert batches(*files, pages=(page(),)) == [["demo-1.0-py3-none-any.whl"], ["demo-1.0.tar.gz"]]


def test_the_smallest_wheel_creates_the_release() -> None:
    files = wheel("any", size=1000), wheel("win32", size=1)
    assert batches(*files, pages=(page(),)) == [["demo-1.0-py3-none-win32.whl"], ["demo-1.0-py3-none-any.whl"]]


def test_an_sdist_creates_the_release_only_without_a_wheel() -> None:
    assert batches(distribution("demo-1.0.tar.gz"), pages=(page(),)) == [["demo-1.0.tar.gz"]]


def test_a_release_that_is_there_already_needs_no_lonely_first_file() -> None:
    there = page(published(wheel("any")))
    assert batches(wheel("win32"), wheel("win_amd64"), pages=(there,)) == [
        ["demo-1.0-py3-none-win32.whl", "demo-1.0-py3-none-win_amd64.whl"]
    ]


def test_an_sdist_waits_for_every_wheel_and_not_only_for_the_last_one() -> None:
    files = wheel("any"), wheel("win32"), wheel("win_amd64"), distribution("demo-1.0.tar.gz")
    there = page(published(wheel("linux_armv6l")))
    *_, last = schedule(plan_uploads(files, {there.project: there}, POLICY), {})
    assert last.distribution is files[-1]
    assert last.after == {file.filename for file in files[:-1]}


def test_releases_of_several_projects_do_not_wait_for_each_other() -> None:
    files = [wheel(tag, project=project) for project in ("a", "b") for tag in ("any", "win32")]
    files += [distribution(f"{project}-1.0.tar.gz") for project in ("a", "b")]
    got = batches(*files, pages=(page(project="a"), page(project="b")))
    assert got == [
        ["a-1.0-py3-none-any.whl", "b-1.0-py3-none-any.whl"],
        ["a-1.0-py3-none-win32.whl", "b-1.0-py3-none-win32.whl"],
        ["a-1.0.tar.gz", "b-1.0.tar.gz"],
    ]


def test_a_release_of_a_project_that_the_index_does_not_know_comes_first() -> None:
    pages = page(project="aaa"), page(project="zzz", state=PageState.NO_PROJECT)
    got = batches(wheel("any", project="aaa"), wheel("any", project="zzz"), pages=pages)
    assert got == [["zzz-1.0-py3-none-any.whl", "aaa-1.0-py3-none-any.whl"]]


def test_two_releases_of_a_new_project_do_not_create_it_at_the_same_time() -> None:
    new = page(state=PageState.NO_PROJECT)
    got = batches(wheel("any"), wheel("any", version="2.0"), wheel("win32", version="2.0"), pages=(new,))
    assert [len(batch) for batch in got[:2]] == [1, 2]
    assert got[0][0].startswith("demo-2.0"), "the release with more files first"


def test_two_releases_of_a_known_project_are_created_in_parallel() -> None:
    assert [len(batch) for batch in batches(wheel("any"), wheel("any", version="2.0"), pages=(page(),))] == [2]


def test_what_is_there_already_is_not_scheduled() -> None:
    assert batches(wheel("any"), pages=(page(published(wheel("any"))),)) == []


def test_an_unreadable_page_counts_as_no_release() -> None:
    unknown = page(state=PageState.UNREADABLE)
    assert [len(batch) for batch in batches(wheel("any"), wheel("win32"), pages=(unknown,))] == [1, 1]
    assert unknown.project == canonicalize_name("demo")


def test_a_doubtful_file_goes_first_and_alone_even_when_it_is_the_sdist() -> None:
    files = wheel("any", size=1), wheel("win32"), distribution("demo-1.0.tar.gz")
    got = batches(*files, pages=(page(),), doubts={"demo-1.0.tar.gz": {VERSION}})
    assert got == [["demo-1.0.tar.gz"], ["demo-1.0-py3-none-win32.whl", "demo-1.0-py3-none-any.whl"]]


def test_one_file_for_each_doubt_goes_alone_and_the_others_with_that_doubt_go_with_the_rest() -> None:
    files = [wheel(f"plan9_{number}") for number in range(4)]
    got = batches(*files, wheel("any"), pages=(page(),), doubts={file.filename: {TAG} for file in files})
    assert [len(batch) for batch in got] == [1, 4]
    assert got[0] == ["demo-1.0-py3-none-plan9_0.whl"]


def test_two_doubts_go_one_after_the_other() -> None:
    doubts = {wheel("plan9").filename: {TAG}, wheel("any").filename: {VERSION}}
    got = batches(wheel("plan9"), wheel("any"), wheel("win32"), pages=(page(),), doubts=doubts)
    assert [len(batch) for batch in got] == [1, 1, 1]
    assert got[2] == [wheel("win32").filename]


def test_a_file_that_settles_two_doubts_spares_the_second_lonely_one() -> None:
    both, one, other = wheel("plan9"), wheel("plan9_x86"), wheel("any")
    doubts = {both.filename: {TAG, VERSION}, one.filename: {TAG}, other.filename: {VERSION}}
    got = batches(one, other, both, pages=(page(),), doubts=doubts)
    assert [len(batch) for batch in got] == [1, 2]
    assert got[0] == [both.filename]


def test_of_files_above_a_limit_the_largest_goes_first() -> None:
    files = [wheel(f"linux_{number}", size=1000 + number) for number in range(40)]
    got = batches(*files, pages=(page(),), doubts={file.filename: {SIZE} for file in files})
    assert [len(batch) for batch in got] == [1, 39]
    assert got[0] == [files[-1].filename]


def test_a_smaller_file_with_another_doubt_does_not_settle_the_size() -> None:
    large, small = wheel("win32", size=2000), wheel("plan9", size=1000)
    doubts = {large.filename: {SIZE}, small.filename: {SIZE, TAG}}
    assert batches(large, small, pages=(page(),), doubts=doubts) == [[small.filename], [large.filename]]


def test_a_doubtful_file_comes_before_the_releases_of_other_projects_too() -> None:
    other = wheel("any", project="other")
    doubts = {wheel("plan9").filename: {TAG}}
    got = batches(other, wheel("plan9"), pages=(page(), page(project="other")), doubts=doubts)
    assert got == [[wheel("plan9").filename], [other.filename]]


def test_a_doubtful_file_that_creates_its_project_is_awaited_by_its_other_release() -> None:
    doubts = {wheel("plan9").filename: {TAG}}
    files = wheel("plan9"), wheel("win32"), wheel("any", version="2.0"), wheel("win32", version="2.0")
    got = batches(*files, pages=(page(state=PageState.NO_PROJECT),), doubts=doubts)
    assert got[0] == [wheel("plan9").filename]
    assert [len(batch) for batch in got] == [1, 2, 1]
