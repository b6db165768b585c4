"""Hypothesis strategies for valid distributions of every kind, and for damage to them."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from hypothesis import strategies as st
from packaging.version import Version

from .archives import file_member, sdist_members, tar_bytes, wheel_files, with_record, zip_of
from .metadata import metadata_bytes

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}([-_.][a-z0-9]{1,8}){0,2}", fullmatch=True)
VERSIONS = st.from_regex(
    r"([1-9]!)?[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\.dev[0-9])?", fullmatch=True
)
PLATFORMS = st.sampled_from(
    [
        *("any", "win_amd64", "win32", "manylinux_2_17_x86_64.manylinux2014_x86_64", "musllinux_1_2_aarch64"),
        *("macosx_10_13_universal2", "macosx_11_0_arm64", "ios_13_0_arm64_iphoneos", "android_21_x86_64"),
    ]
)
CONTENTS = st.binary(max_size=400) | st.binary(min_size=1, max_size=4).map(lambda piece: piece * 500)
FILES = st.dictionaries(
    st.from_regex(r"pkg/[a-zé]{1,6}(/[a-z]{1,6}){0,2}\.(py|txt|so)", fullmatch=True), CONTENTS, max_size=6
)


def spelled(name: str) -> str:
    """The name in its normal form with underscores."""
    return "_".join(part for part in name.lower().replace("-", "_").replace(".", "_").split("_") if part)


def normal(version: str) -> str:
    """The version in its normal form, by the same library as the index's."""
    return str(Version(version))


@st.composite
def wheels(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid wheel: its file name and bytes."""
    name, version = draw(NAMES), normal(draw(VERSIONS))
    dist_info = f"{spelled(name)}-{version}.dist-info"
    metadata = metadata_bytes(("Name", name), ("Version", version))
    files = with_record(wheel_files(draw(FILES), metadata=metadata, dist_info=dist_info), dist_info=dist_info)
    archive = zip_of(files)
    archive.zip64 = draw(st.booleans())
    archive.comment = draw(st.sampled_from([b"", b"built"]))
    for member in archive.members:
        member.method = draw(st.sampled_from([0, 8]))
    build = draw(st.sampled_from(["", "-1", "-2b"]))
    return f"{spelled(name)}-{version}{build}-py3-none-{draw(PLATFORMS)}.whl", archive.build()


@st.composite
def sdists(draw: st.DrawFn) -> tuple[str, bytes]:
    """A valid sdist: its file name and bytes."""
    name, version = draw(NAMES), normal(draw(VERSIONS))
    top = draw(st.sampled_from([f"{spelled(name)}-{version}", "folder", "a/b"]))
    more = [file_member(f"{top}/{path}", content) for path, content in draw(FILES).items()]
    metadata = metadata_bytes(("Name", name), ("Version", version))
    data = tar_bytes(sdist_members(*more, metadata=metadata, top=top), pax=draw(st.booleans()))
    return f"{spelled(name)}-{version}.tar.gz", data


@st.composite
def damage(draw: st.DrawFn) -> Callable[[bytes], bytes]:
    """A way to damage bytes: flips, cuts, insertions, repetitions."""
    kind = draw(st.sampled_from(["flip", "cut", "insert", "truncate", "repeat"]))
    place = draw(st.floats(min_value=0, max_value=1, exclude_max=True))
    value = draw(st.binary(min_size=1, max_size=8))

    def apply(data: bytes) -> bytes:
        at = int(place * len(data))
        changed = {
            "flip": data[:at] + value + data[at + len(value) :],
            "cut": data[:at] + data[at + 8 * len(value) :],
            "insert": data[:at] + value + data[at:],
            "truncate": data[:at],
            "repeat": data + data[at : at + 512],
        }
        return changed[kind]

    return apply


def inside_gzip(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    """The damage done to the tar archive inside."""
    return lambda data: gzip.compress(change(gzip.decompress(data)), 1, mtime=0)
