"""The manifest names exactly these bytes under exactly these names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_trusted_publish.core.manifest import (
    ManifestEntry,
    UnreadableManifest,
    differences,
    manifest_of,
    parse_entries,
    parse_manifest,
)

ENTRIES = st.lists(
    st.builds(ManifestEntry, filename=st.text(min_size=1), size=st.integers(0, 10**12), sha256=st.just("ab" * 32)),
    unique_by=lambda entry: entry.filename,
)
ONE = ManifestEntry("demo-1.0.tar.gz", 10, "0" * 64)
TWO = ManifestEntry("demo-1.0-py3-none-any.whl", 20, "1" * 64)


@given(ENTRIES, st.randoms())
def test_the_order_of_the_files_does_not_matter_and_the_line_can_be_read(
    entries: list[ManifestEntry], random: st.DataObject
) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    line = str(manifest_of(shuffled))
    assert line == str(manifest_of(entries))
    assert parse_manifest(line) == manifest_of(entries)
    assert "\n" not in line


@pytest.mark.parametrize(
    "other",
    [
        ManifestEntry("demo-1.0.tar.gz", 11, "0" * 64),
        ManifestEntry("demo-1.0.tar.gz", 10, "2" * 64),
        ManifestEntry("demo-1.0.1.tar.gz", 10, "0" * 64),
    ],
    ids=["size", "bytes", "name"],
)
def test_another_name_size_or_digest_is_another_manifest(other: ManifestEntry) -> None:
    assert manifest_of([ONE, TWO]) != manifest_of([other, TWO])


@pytest.mark.parametrize("text", ["", "any", "1:2", "2:1:" + "0" * 64, "1:1:" + "G" * 64, "1:1:" + "0" * 63])
def test_what_is_not_a_manifest_is_refused_without_being_quoted(text: str) -> None:
    with pytest.raises(UnreadableManifest) as caught:
        parse_manifest(text)
    assert not text or text not in str(caught.value)


def test_a_file_that_was_listed_twice_is_one_file() -> None:
    assert manifest_of([ONE, TWO, ONE]) == manifest_of([ONE, TWO])


def test_the_differences_name_what_changed_came_and_went() -> None:
    changed = ManifestEntry(ONE.filename, 11, "3" * 64)
    new = ManifestEntry("other-1.0.tar.gz", 1, "4" * 64)
    found = differences([ONE, TWO], [changed, new])
    assert (found.changed, found.added, found.missing) == ((ONE.filename,), (new.filename,), (TWO.filename,))


def test_the_list_of_files_is_read_from_the_output_of_a_preview() -> None:
    text = json.dumps([{"filename": ONE.filename, "size": ONE.size, "sha256": ONE.sha256}])
    assert parse_entries(text) == (ONE,)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"filename": "x"}]', "[" * 10_000], ids=lambda text: text[:20])
def test_what_is_not_a_list_of_files_is_refused(text: str) -> None:
    with pytest.raises(UnreadableManifest):
        parse_entries(text)
