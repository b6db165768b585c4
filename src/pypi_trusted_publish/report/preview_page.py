"""The page of a preview: the project page as visitors will see it, and the comparison. One HTML file, safe to open.

It has no script and a strict content policy. Descriptions have gone through the index's own renderer, which cleans
them; everything else is escaped here.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from ..core.metadata_comparison import FieldValue, changed_lines
from ..formatting import count_text, size_text
from ..sanitize import visible

if TYPE_CHECKING:
    from ..core.preview import ComparedContents, ProjectPreview
    from .preview_report import PreviewReport

_MOST_NAMES: Final = 500
"""Members of one list; what is more is counted."""
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: data:; base-uri 'none'; form-action 'none'"
)
_STYLE: Final = """
:root { color-scheme: light dark; --text: #1c2024; --soft: #5b6470; --line: #d8dde3; --paper: #fff; --box: #f5f7f9;
  --good: #1a7f37; --bad: #c62828; --warn: #9a6700; --link: #0b62c4; }
@media (prefers-color-scheme: dark) { :root { --text: #e6e9ec; --soft: #9aa4af; --line: #353c44; --paper: #14171a;
  --box: #1d2226; --good: #57c16f; --bad: #ff7b72; --warn: #e0b13c; --link: #6cb2ff; } }
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.55 system-ui, sans-serif; color: var(--text); background: var(--paper); }
main { max-width: 70rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
h1, h2, h3, code, td, li { overflow-wrap: anywhere; }
a { color: var(--link); } code, pre { font: .875em/1.5 ui-monospace, monospace; }
pre { background: var(--box); padding: .75rem; overflow-x: auto; border-radius: .375rem; }
.soft { color: var(--soft); } .lost, .error { color: var(--bad); font-weight: 600; } .new { color: var(--good); }
.warning { color: var(--warn); font-weight: 600; } .notice { color: var(--soft); font-weight: 600; }
.headline { background: var(--box); border-left: .3rem solid var(--good); padding: .75rem 1rem; }
.headline.warning { border-color: var(--warn); } .headline.error { border-color: var(--bad); }
.columns { display: grid; grid-template-columns: minmax(0, 1fr) 18rem; gap: 2rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number, th.number { text-align: right; white-space: nowrap; } aside h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }
aside ul { margin: 0; padding-left: 1.1rem; } .description img { max-width: 100%; } details { margin: .5rem 0; }
@media (max-width: 46rem) { .columns { grid-template-columns: minmax(0, 1fr); } }
@media print { :root { color-scheme: light; --text: #000; --paper: #fff; --soft: #444; } details > * { display: block; }
  main { max-width: none; padding: 0; } pre { white-space: pre-wrap; } h2 { break-after: avoid; } tr { break-inside:
  avoid; } }
"""


def preview_page(report: PreviewReport, descriptions: Mapping[str, str]) -> str:
    """The whole page. ``descriptions``: of each project, cleaned HTML by the index's own renderer."""
    errors, warnings = bool(report.exit_code), bool(report.findings)
    kind = "error" if errors else "warning" if warnings else "good"
    names = ", ".join(f"{project.name} {project.version}" for project in report.preview.projects) or "Nothing"
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(names)}: preview</title>",
            f"<style>{_STYLE}</style>",
            "<main>",
            f"<h1>{_text(names)}</h1>",
            '<p class="soft">A preview: nothing of this has been published.</p>',
            f'<p class="headline {kind}">{_text(report.headline)}</p>',
            f"<p>Manifest: <code>{_text(str(report.preview.manifest))}</code></p>",
            *_findings(report),
            *(
                line
                for project in report.preview.projects
                for line in _project(project, descriptions.get(project.project, ""))
            ),
            "</main>",
            "</html>",
            "",
        ]
    )


def _text(foreign: str) -> str:
    return html.escape(visible(foreign))


def _lines(foreign: str) -> str:
    return "<br>".join(map(_text, foreign.splitlines()))


def _findings(report: PreviewReport) -> Iterator[str]:
    found = [*report.findings, *report.checks.checked.findings]
    if not found:
        return
    yield "<h2>Findings</h2><ul>"
    for finding in found:
        yield (
            f'<li><span class="{finding.severity.value}">{finding.severity.value}</span> '
            f"<code>{_text(finding.rule)}</code>: {_lines(finding.message)}"
            f'<br><span class="soft">{_text(finding.hint)}</span></li>'
        )
    yield "</ul>"


def _project(project: ProjectPreview, description: str) -> Iterator[str]:
    baseline = project.baseline
    yield f"<h2>{_text(project.name)} {_text(str(project.version))}</h2>"
    yield '<div class="columns"><div>'
    yield f"<p>{_text(str(project.current.get('summary') or ''))}</p>"
    yield f'<div class="description">{description}</div>'
    yield "</div><aside>"
    yield from _side_bar(project.current)
    yield "</aside></div>"
    beside = f"Beside {project.name} {baseline.version}" if baseline.version else "No release to compare with"
    yield f"<h2>{_text(beside)}</h2>"
    if baseline.reason:
        yield f"<p>{_text(baseline.reason)}</p>"
    yield from _platforms(project)
    yield from _files(project)
    yield from _metadata(project)
    for each in project.contents:
        yield from _contents(each)
    if project.room:
        room = project.room
        yield (
            f"<p>The project uses {size_text(room.used)} of {size_text(room.limit)} on the index: enough for "
            f"{count_text(room.releases, 'release')} of this size.</p>"
        )
    if project.not_compared:
        yield "<h3>Not compared</h3><ul>"
        yield from (f"<li>{_text(reason)}</li>" for reason in project.not_compared)
        yield "</ul>"


def _side_bar(metadata: Mapping[str, FieldValue]) -> Iterator[str]:
    urls = metadata.get("project_urls")
    if isinstance(urls, Mapping) and urls:
        yield "<h3>Links</h3><ul>"
        yield from (f"<li>{_link(label, url)}</li>" for label, url in urls.items())
        yield "</ul>"
    for title, field in (
        ("License", "license_expression"),
        ("License", "license"),
        ("Author", "author"),
        ("Author", "author_email"),
        ("Requires Python", "requires_python"),
    ):
        if isinstance(value := metadata.get(field), str):
            yield f"<h3>{title}</h3><div>{_text(value[:200])}</div>"
    for title, field in (
        ("Requirements", "requires_dist"),
        ("Extras", "provides_extra"),
        ("Classifiers", "classifiers"),
        ("Entry points", "entry_points"),
    ):
        values = metadata.get(field)
        if isinstance(values, Sequence) and not isinstance(values, str) and values:
            yield f"<h3>{title}</h3>{_list(values)}"


def _link(label: str, url: str) -> str:
    """A link to http or https; anything else is text."""
    try:
        harmless = urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        harmless = False
    return f'<a href="{html.escape(url)}" rel="nofollow noopener">{_text(label)}</a>' if harmless else _text(label)


def _list(values: Iterable[str]) -> str:
    listed = list(values)
    more = f'<li class="soft">and {len(listed) - _MOST_NAMES} more</li>' if len(listed) > _MOST_NAMES else ""
    return f"<ul>{''.join(f'<li>{_text(value)}</li>' for value in listed[:_MOST_NAMES])}{more}</ul>"


def _platforms(project: ProjectPreview) -> Iterator[str]:
    cells = project.files.coverage
    if not cells:
        return
    pythons = list(dict.fromkeys(str(target.interpreter) for target in sorted(cells)))
    platforms = sorted({target.platform for target in cells})
    states = {(target.platform, str(target.interpreter)): state for target, state in cells.items()}
    yield '<h3>Platforms</h3><div class="scroll"><table><tr><th></th>'
    yield "".join(f"<th>{_text(python)}</th>" for python in pythons) + "</tr>"
    for platform in platforms:
        marks = (states.get((platform, python), "") for python in pythons)
        row = "".join(f'<td class="{mark}">{"✓" if mark == "kept" else mark}</td>' for mark in marks)
        yield f"<tr><th>{_text(f'{platform.system} {platform.architecture}'.rstrip())}</th>{row}</tr>"
    yield "</table></div>"


def _files(project: ProjectPreview) -> Iterator[str]:
    files, replaced = project.files, project.files.replaced
    yield '<h3>Files</h3><div class="scroll"><table><tr><th>file</th><th class="number">size</th>'
    yield '<th class="number">before</th><th></th></tr>'
    for size in files.sizes:
        before = "" if size.before is None else size_text(size.before)
        state = "grew" if size.grew else "" if size.filename in replaced or not project.baseline.version else "new"
        yield (
            f'<tr><td>{_text(size.filename)}</td><td class="number">{size_text(size.size)}</td>'
            f'<td class="number">{before}</td><td class="{"warning" if size.grew else state}">{state}</td></tr>'
        )
    for name in (*(wheel.filename for wheel in files.lost), *filter(None, [files.lost_sdist])):
        yield f'<tr><td>{_text(name)}</td><td></td><td></td><td class="lost">lost</td></tr>'
    yield "</table></div>"


def _metadata(project: ProjectPreview) -> Iterator[str]:
    if not project.metadata:
        return
    yield '<h3>Metadata</h3><div class="scroll"><table><tr><th>field</th><th>before</th><th>now</th></tr>'
    for name, change in project.metadata.items():
        if name == "description":
            added, removed = changed_lines(str(change.before or ""), str(change.after or ""))
            cells = f"{removed} lines removed</td><td>{added} lines added"
        else:
            cells = f"{_value(change.before)}</td><td>{_value(change.after)}"
        yield f"<tr><td><code>{_text(name)}</code></td><td>{cells}</td></tr>"
    yield "</table></div>"


def _value(value: FieldValue) -> str:
    if value is None:
        return '<span class="soft">none</span>'
    if isinstance(value, str):
        return _text(value[:2_000])
    return _list(f"{key}: {each}" for key, each in value.items()) if isinstance(value, Mapping) else _list(value)


def _contents(each: ComparedContents) -> Iterator[str]:
    found = each.comparison
    yield (
        f"<details><summary>Contents of {_text(each.filename)}: {len(found.added)} "
        f"added, {len(found.removed)} removed, "
        f"{len(found.changed)} changed</summary>"
    )
    if found.marked:
        yield f"<h4>Look at these</h4>{_list(f'{mark.why}: {mark.name}' for mark in found.marked)}"
    for title, names in (("Added", found.added), ("Removed", found.removed), ("Changed", found.changed)):
        if names:
            yield f"<h4>{title}</h4>{_list(names)}"
    yield "</details>"
