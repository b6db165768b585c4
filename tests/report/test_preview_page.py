"""The page of a preview in a real browser: nothing runs, nothing is loaded, and it fits a phone."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.browser import Browser, find_browser

from builders.pairs import Release, written
from builders.plain_index import PlainIndex
from builders.process import process
from pypi_trusted_publish.cli.main import run
from pypi_trusted_publish.report.description_html import without_images

HOSTILE = "<script>document.title = 'ran'</script>"
LONG = "averylongwordwithoutanyblank" * 8
DESCRIPTION = f"""# Spam

[![CI](https://img.example/badge.svg)](https://ci.example) ![a > b](https://img.example/logo.png)
{HOSTILE} <img src="https://img.example/x.png" onerror="document.title = 'ran'"> <a href="javascript:alert(1)">here</a>

```python
value = "{LONG}"
```

| {LONG} | b |
|---|---|
| {LONG} | 2 |

{LONG}
"""
MEASURED = "[document.documentElement.scrollWidth, document.body.scrollWidth, innerWidth]"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a release with a hostile baseline and long names everywhere."""
    folder = tmp_path_factory.mktemp("page")
    before = Release(
        name="spam-eggs",
        requires=["kept"],
        fields=[
            f"Keywords: {HOSTILE},{LONG}",
            f"Author: {HOSTILE}",
            f"Project-URL: {HOSTILE[:20]}, javascript:alert(1)",
        ],
        members={
            "spam_eggs/__init__.py": "",
            f"spam_eggs/{HOSTILE.replace('/', '')}.txt": "",
            f"spam_eggs/{LONG}/a.py": "",
        },
        description=f"{HOSTILE}\n",
    )
    after = before.next(
        version="1.1",
        requires=["kept", "no-such-project"],
        fields=["Keywords: a,b", f"Author: {LONG}", "Project-URL: Source, https://example.com/source"],
        members={"spam_eggs/__init__.py": "v = 2\n", "tests/__init__.py": ""},
        description=DESCRIPTION,
    )
    tags = [f"cp3{minor}-cp3{minor}-{platform}" for minor in range(10, 15) for platform in ("win_amd64", "win32")]
    with PlainIndex() as index:
        index.add(*before.built(*tags, "cp314-cp314t-win_amd64", "sdist"))
        index.add(*Release(name="kept").built("py3-none-any"))
        dist = written(folder / "dist", after.built(*tags[:-1], "sdist"))
        options = ["--against", index.url, "--ignore", "content-top-level-tests", "--html", str(folder / "page.html")]
        assert run(["preview", *options, str(dist)], process(stdout=io.StringIO())) == 0
    return folder / "page.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = find_browser()
    if program is None:
        pytest.skip("no browser: Chromium is not on PATH")
    with Browser(program) as started:
        yield started


def test_the_page_loads_nothing_runs_nothing_and_breaks_no_policy(browser: Browser, page: Path) -> None:
    browser.show(page.as_uri(), width=1100)
    assert browser.requests() == [page.as_uri()]
    assert browser.value("document.title") == "spam-eggs 1.1: preview"
    assert browser.value("document.scripts.length + document.images.length") == 0
    assert (
        browser.value(
            "[...document.querySelectorAll('*')].some(e => e.getAttributeNames().some(n => n.startsWith('on')))"
        )
        is False
    )
    assert browser.value("[...document.links].some(a => !/^(https?:|file:.*#)/.test(a.href))") is False
    assert [event for event in browser.events if event["method"] in {"Audits.issueAdded", "Log.entryAdded"}] == []


def test_the_content_policy_holds_even_if_markup_got_in(browser: Browser, page: Path, tmp_path: Path) -> None:
    injected = (
        f'{HOSTILE}<img src="https://img.example/x.png" onerror="document.title = 1">'
        "<style>body { color: red }</style>"
        '<link rel="stylesheet" href="https://css.example/x.css"><iframe src="https://frame.example/"></iframe>'
        '<p id="styled" style="position: fixed">styled</p>'
    )
    broken = tmp_path / "broken.html"
    broken.write_text(page.read_text(encoding="utf-8").replace("</main>", f"{injected}</main>"), encoding="utf-8")
    browser.show(broken.as_uri(), width=1100)
    assert browser.value("document.title") == "spam-eggs 1.1: preview"
    assert browser.value("getComputedStyle(document.getElementById('styled')).position") == "static"
    assert browser.value("getComputedStyle(document.body).color") != "rgb(255, 0, 0)"
    loaded = {event["params"]["requestId"] for event in browser.events if event["method"] == "Network.responseReceived"}
    asked = [event["params"] for event in browser.events if event["method"] == "Network.requestWillBeSent"]
    arrived = [each["request"]["url"] for each in asked if each["requestId"] in loaded]
    assert [url for url in arrived if not url.startswith("data:")] == [broken.as_uri()]  # data: the browser's own icons
    violations = [event for event in browser.events if event["method"] == "Audits.issueAdded"]
    assert len(violations) >= 5


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [360, 768, 1100])
def test_nothing_overflows_and_everything_can_be_read(browser: Browser, page: Path, width: int, dark: bool) -> None:
    browser.show(page.as_uri(), width=width, dark=dark)
    assert set(browser.value(MEASURED)) == {width}
    colors = browser.value("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
    text, paper = (sum(map(int, color[4:-1].split(", "))) for color in colors)
    assert (text > 600 and paper < 100) if dark else (text < 100 and paper > 700)


def test_on_paper_everything_folded_is_open(browser: Browser, page: Path) -> None:
    browser.show(page.as_uri(), width=780, media="print")
    assert set(browser.value(MEASURED)) == {780}
    folded = "[...document.querySelectorAll('details:not([open]) > *:not(summary)')]"
    assert all(height > 0 for height in browser.value(f"{folded}.map(e => e.getBoundingClientRect().height)"))
    assert browser.printed().startswith(b"%PDF")


def test_the_page_shows_the_comparison_and_no_script(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for shown in ("no-such-project", "pip install spam-eggs", "3.14t", "new top-level name", "SHA256"):
        assert shown in text
    assert "<script" not in text.lower()


def test_the_page_shows_what_visitors_will_see(page: Path) -> None:
    pytest.importorskip("comrak", reason="no wheel of the renderer of Markdown for this Python", exc_type=ImportError)
    assert ">Spam<" in page.read_text(encoding="utf-8")


def image(shown: str) -> str:
    return f'<span class="preview-image">{shown}</span>'


@pytest.mark.parametrize(
    ("cleaned", "shown"),
    [
        ("<p>a &amp; b &#39;</p>", "<p>a &amp; b &#39;</p>"),
        (
            '<img src="https://x.example/a" alt="a > b">',
            image('<a href="https://x.example/a" rel="nofollow noopener">a &gt; b</a>'),
        ),
        ('<a href="b"><img src="https://x.example/a" alt="CI"></a>', f'<a href="b">{image("CI")}</a>'),
        ('<img src="javascript:x">', image("image")),
        ('<img src="https://[::1" alt="x">', image("x")),
        ("<!-- a --><b>x</b>", "<b>x</b>"),
    ],
)
def test_an_image_becomes_its_text(cleaned: str, shown: str) -> None:
    assert without_images(cleaned) == shown
