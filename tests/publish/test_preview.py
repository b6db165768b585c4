"""What a preview reads and looks up, with an index of values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from packaging.utils import NormalizedName

from builders.release import distribution, page, published
from pypi_trusted_publish.checks.model import CheckedSet, Distribution
from pypi_trusted_publish.core.baseline import ReleaseFile
from pypi_trusted_publish.core.preview import ProjectPreview
from pypi_trusted_publish.core.project_page import PageState, ProjectPage
from pypi_trusted_publish.core.urls import PYPI, IndexUrls
from pypi_trusted_publish.publish.preview import Previewer
from pypi_trusted_publish.readers.contents import Contents
from pypi_trusted_publish.readers.core_metadata import CoreMetadata

ELSEWHERE = IndexUrls.parse("https://index.example/legacy/")


class Unreadable(Exception):
    """Nothing on this index can be read."""


@dataclass
class ListingOnly:
    """An index that lists files, but serves none; it counts which of ours are read."""

    pages: Mapping[str, ProjectPage] = field(default_factory=dict)
    ours: list[str] = field(default_factory=list)

    def expect(self, files: int) -> None:
        pass

    def page(self, index: IndexUrls, project: NormalizedName, *, required: bool = False) -> ProjectPage:
        return self.pages.get(project, page(project=project, state=PageState.NO_PROJECT))

    def members(self, file: ReleaseFile, index: IndexUrls, project: NormalizedName) -> Contents:
        raise Unreadable(file.filename)

    contents = members

    def served_metadata(
        self, file: ReleaseFile, index: IndexUrls, project: NormalizedName
    ) -> Mapping[str, object] | None:
        return None

    def contents_of(self, file: Distribution) -> Contents:
        self.ours.append(file.filename)
        return Contents()


def previewed(reader: ListingOnly, *files: Distribution, index: IndexUrls = ELSEWHERE) -> ProjectPreview:
    checked = CheckedSet(filenames=tuple(file.filename for file in files), distributions=files, findings=())
    previewer = Previewer(reader=reader, not_read=Unreadable, map_=map, against=index, requirements_index=index)
    (project,) = previewer.preview(checked).projects
    return project


@pytest.mark.parametrize(("index", "is_missing"), [(PYPI, True), (ELSEWHERE, False)], ids=["PyPI", "another index"])
def test_a_requirement_is_missing_only_where_everything_is(index: IndexUrls, is_missing: bool) -> None:
    metadata = CoreMetadata(
        version="2.1", fields=(("Name", "demo"), ("Version", "1.0"), ("Requires-Dist", "no-such-project"))
    )
    found = previewed(ListingOnly(), distribution(metadata=metadata), index=index)
    assert ("requirement-not-found" in [finding.rule for finding in found.findings]) is is_missing
    assert any("is not on index.example" in sentence for sentence in found.not_compared) is not is_missing


def test_a_file_of_ours_is_read_only_where_there_is_something_to_compare_it_with() -> None:
    tags = ("cp310-cp310-win32", "cp311-cp311-win32", "cp312-cp312-win32")
    before = page(*(published(f"demo-0.9-{tag}.whl") for tag in tags))
    reader = ListingOnly({"demo": before})
    found = previewed(reader, *(distribution(f"demo-1.0-{tag}.whl") for tag in tags))
    assert reader.ours == ["demo-1.0-cp310-cp310-win32.whl"]
    assert len(found.not_compared) == len(tags)
