"""Each rule about the contents of an sdist is broken once, and exactly that rule fires."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import Callable

import pytest

from builders.archives import SDIST_NAME, file_member, link_member, sdist_bytes, sdist_members, tar_bytes, wheel_bytes
from builders.judging import errors, judge, judge_all
from builders.metadata import metadata_bytes
from pypi_trusted_publish.checks.model import CheckOptions
from pypi_trusted_publish.errors import Severity

LICENSED = metadata_bytes(("License-File", "LICENSE"), ("License-File", "third/party.txt"))
PLAIN = gzip.decompress(sdist_bytes())


def moved(change: Callable[[str], str]) -> bytes:
    """An sdist with renamed members."""
    members = sdist_members()
    for info, _ in members:
        info.name = change(info.name)
    return tar_bytes(members)


def sparse() -> bytes:
    """An sdist with a member in GNU's sparse format of old."""
    info, data = file_member("demo-1.0/data.bin", b"x" * 512)
    info.type = tarfile.GNUTYPE_SPARSE
    return tar_bytes([*sdist_members(), (info, data)], pax=False)


def pax_sparse() -> bytes:
    """An sdist with a member in GNU's sparse format 1.0, marked by pax headers."""
    info, data = file_member("demo-1.0/data.bin", b"1\n0\n5\n".ljust(512, b"\0") + b"hello")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "5"}
    return tar_bytes([*sdist_members(), (info, data)])


def folder_as_metadata() -> bytes:
    info = tarfile.TarInfo("demo-1.0/PKG-INFO")
    info.type = tarfile.DIRTYPE
    return tar_bytes([(info, b""), *sdist_members()[1:]])


APPLEDOUBLE = b"\0\x05\x16\x07\0\x02\0\0Mac OS X        " + b"\0" * 60 + b"com.apple.provenance\0\xff"


def of_the_tar_of_macos() -> bytes:
    """An sdist with extended attributes, as pax headers and as files beside those that have them."""
    members = sdist_members()
    for info, _ in members:
        info.pax_headers = {
            "LIBARCHIVE.creationtime": "1785000000.123456789",
            "LIBARCHIVE.xattr.com.apple.quarantine": "MDA4MTs2OGE",
            "SCHILY.xattr.com.apple.quarantine": "0081;\udcff",
            "SCHILY.fflags": "hidden",
        }
    beside = [file_member("demo-1.0/._PKG-INFO", APPLEDOUBLE), file_member("demo-1.0/.DS_Store", APPLEDOUBLE)]
    return tar_bytes([*beside, *members, file_member("demo-1.0/src/._demo.py", APPLEDOUBLE)])


def negative_size() -> bytes:
    """An sdist whose second member has a negative size: the archive ends with the first."""
    info, data = file_member("demo-1.0/rest.txt", b"")
    info.size = -1
    first, metadata = sdist_members()[0]
    header = info.tobuf(tarfile.GNU_FORMAT)
    return gzip.compress(gzip.decompress(tar_bytes([(first, metadata)]))[:1024] + header + data + PLAIN, mtime=0)


def of_unknown_type() -> bytes:
    """An sdist whose PKG-INFO has an undefined type."""
    (info, data), *others = sdist_members()
    info.type = b"Z"
    return tar_bytes([(info, data), *others])


CASES: list[tuple[str, str, Callable[[], bytes]]] = [
    ("sdist-unreadable", "empty", lambda: b""),
    ("sdist-unreadable", "a zip archive", lambda: b"PK\x05\x06" + b"\0" * 18),
    ("sdist-unreadable", "a plain tar", lambda: PLAIN),
    ("sdist-unreadable", "bzip2", lambda: tar_bytes(sdist_members(), compression="bz2")),
    ("sdist-unreadable", "gzip without a tar", lambda: gzip.compress(b"hello" * 500, mtime=0)),
    ("sdist-unreadable", "gzip of nothing", lambda: gzip.compress(b"", mtime=0)),
    ("sdist-unreadable", "a truncated stream", lambda: sdist_bytes()[:200]),
    ("sdist-unreadable", "damaged data", lambda: sdist_bytes()[:60] + b"\xff" * 40 + sdist_bytes()[100:]),
    (
        "sdist-unreadable",
        "a source that is cut off",
        lambda: gzip.compress(tar_plain(("demo-1.0/a.py", b"x" * 5000))[:-12000], mtime=0),
    ),
    ("sdist-top-level", "two folders", lambda: sdist_bytes(file_member("other/x", b""))),
    ("sdist-top-level", "folders with a common beginning", lambda: sdist_bytes(file_member("demo-1.0.egg/x", b""))),
    ("sdist-top-level", "a file beside the folder", lambda: sdist_bytes(file_member("._demo-1.0", APPLEDOUBLE))),
    ("sdist-top-level", "no folder", lambda: moved(lambda name: name.rpartition("/")[2])),
    ("sdist-top-level", "a dot in front", lambda: moved(lambda name: f"./{name}")),
    ("sdist-top-level", "an absolute member", lambda: sdist_bytes(file_member("/etc/passwd", b""))),
    ("sdist-top-level", "absolute members without a folder", lambda: moved(lambda name: f"/{name.rpartition('/')[2]}")),
    ("sdist-top-level", "only the folder of the archive", lambda: tar_bytes([file_member(".", b"")])),
    ("sdist-top-level", "no member", lambda: tar_bytes([])),
    ("sdist-pkg-info-missing", "no PKG-INFO", lambda: tar_bytes(sdist_members()[1:])),
    (
        "sdist-pkg-info-missing",
        "only in the egg-info folder",
        lambda: tar_bytes([*sdist_members()[1:], file_member("demo-1.0/demo.egg-info/PKG-INFO", metadata_bytes())]),
    ),
    (
        "sdist-pkg-info-missing",
        "a single file",
        lambda: tar_bytes([file_member("demo-1.0/PKG-INFO", metadata_bytes())]),
    ),
    ("sdist-pkg-info-unreadable", "a folder", folder_as_metadata),
    (
        "sdist-pkg-info-unreadable",
        "a link to nothing",
        lambda: tar_bytes([link_member("demo-1.0/PKG-INFO", "x"), *sdist_members()[1:]]),
    ),
    (
        "sdist-pkg-info-unreadable",
        "a link to itself",
        lambda: tar_bytes([link_member("demo-1.0/PKG-INFO", "PKG-INFO"), *sdist_members()[1:]]),
    ),
    ("sdist-pkg-info-missing", "a size below zero", negative_size),
    ("sdist-license-file-missing", "no license", lambda: sdist_bytes(metadata=LICENSED)),
    ("sdist-sparse-member", "GNU's old form", sparse),
    ("sdist-sparse-member", "GNU's form in pax headers", pax_sparse),
]


def tar_plain(*files: tuple[str, bytes]) -> bytes:
    return gzip.decompress(tar_bytes([*sdist_members(), *(file_member(name, data) for name, data in files)]))


@pytest.mark.parametrize(("code", "build"), [pytest.param(code, build, id=what) for code, what, build in CASES])
def test_exactly_the_broken_rule_fires(code: str, build: Callable[[], bytes]) -> None:
    assert set(errors(SDIST_NAME, build())) == {code}


@pytest.mark.parametrize("mode", [0o664, 0o4755, 0o2755, 0o666])
def test_discouraged_modes_are_a_warning(mode: int) -> None:
    data = sdist_bytes(file_member("demo-1.0/run.sh", b"", mode=mode))
    assert judge(SDIST_NAME, data) == {"sdist-permissions": Severity.WARNING}


@pytest.mark.parametrize(
    "data", [PLAIN[:2148], PLAIN[:2048] + b"x" * 512 + PLAIN[2560:]], ids=["cut in a header", "a damaged header"]
)
def test_an_archive_that_ends_in_damage_is_a_warning_because_the_index_takes_the_rest(data: bytes) -> None:
    folder = tarfile.TarInfo("demo-1.0")
    folder.type = tarfile.DIRTYPE
    assert judge(SDIST_NAME, gzip.compress(folder.tobuf() + data, mtime=0)) == {"sdist-damaged": Severity.WARNING}


def flipped(data: bytes, offset: int) -> bytes:
    return data[:offset] + bytes([data[offset] ^ 1]) + data[len(data) + offset + 1 :]


END_DAMAGE = [
    ("nothing but the length is lost", lambda: sdist_bytes()[:-4], "cut off"),
    ("the end of the data is lost", lambda: sdist_bytes()[:-9], "cut off"),
    ("the checksum is wrong", lambda: flipped(sdist_bytes(), -8), "checksum"),
    ("the length is wrong", lambda: flipped(sdist_bytes(), -4), "checksum"),
    (
        "damaged data follow",
        lambda: gzip.compress(PLAIN, mtime=0) + gzip.compress(b"x", mtime=0)[:10] + b"\xff" * 40,
        "is damaged",
    ),
]


@pytest.mark.parametrize(("build", "word"), [pytest.param(build, word, id=what) for what, build, word in END_DAMAGE])
def test_damage_behind_the_last_member_is_a_warning(build: Callable[[], bytes], word: str) -> None:
    (finding,) = judge_all((SDIST_NAME, build())).findings
    assert (finding.rule, finding.severity) == ("sdist-damaged", Severity.WARNING)
    assert word in finding.message


OTHER_BYTES: list[tuple[str, Callable[[], bytes]]] = [
    ("a byte behind the stream", lambda: sdist_bytes() + b"x"),
    ("another file behind the stream", lambda: sdist_bytes() + b"PK\x03\x04" + b"x" * 5000),
    ("another sdist behind the stream", lambda: sdist_bytes() + sdist_bytes()),
    ("other bytes behind the archive", lambda: gzip.compress(PLAIN + b"x" * 512, mtime=0)),
    *((what, build) for what, build, _ in END_DAMAGE),
]


@pytest.mark.parametrize("build", [pytest.param(build, id=what) for what, build in OTHER_BYTES])
def test_damage_is_a_warning_of_check_and_stops_a_release(build: Callable[[], bytes]) -> None:
    assert judge(SDIST_NAME, build()) == {"sdist-damaged": Severity.WARNING}
    assert judge(SDIST_NAME, build(), options=CheckOptions(publishing=True)) == {"sdist-damaged": Severity.ERROR}
    assert judge(SDIST_NAME, build(), options=CheckOptions(publishing=True, full=False)) == {}
    ignored = CheckOptions(publishing=True, ignore=frozenset({"sdist-damaged"}))
    assert errors(SDIST_NAME, build(), options=ignored) == ["sdist-damaged"]


SOUND_ENDINGS: list[tuple[str, Callable[[], bytes]]] = [
    ("zeros behind the stream", lambda: sdist_bytes() + b"\0" * 512),
    ("zeros behind the archive", lambda: gzip.compress(PLAIN + b"\0" * 100_000, mtime=0)),
]


@pytest.mark.parametrize("build", [pytest.param(build, id=what) for what, build in SOUND_ENDINGS])
def test_zero_padding_is_sound(build: Callable[[], bytes]) -> None:
    assert judge(SDIST_NAME, build(), options=CheckOptions(publishing=True)) == {}


SEVERAL_MEMBERS: list[tuple[str, Callable[[], bytes]]] = [
    ("within the archive", lambda: gzip.compress(PLAIN[:1000], mtime=0) + gzip.compress(PLAIN[1000:], mtime=0)),
    ("zeros behind it", lambda: sdist_bytes() + gzip.compress(b"\0" * 512, mtime=0)),
    ("many zeros behind it", lambda: sdist_bytes() + gzip.compress(b"\0" * (17 << 20), mtime=0)),
]


@pytest.mark.parametrize("build", [pytest.param(build, id=what) for what, build in SEVERAL_MEMBERS])
def test_several_gzip_members_are_a_warning(build: Callable[[], bytes]) -> None:
    found = judge(SDIST_NAME, build(), options=CheckOptions(publishing=True))
    assert found == {"sdist-several-gzip-members": Severity.WARNING}


def test_an_sdist_that_is_a_zip_archive_too_is_refused() -> None:
    with_zip = sdist_bytes() + wheel_bytes()
    assert "sdist-also-zip" in errors(SDIST_NAME, with_zip)
    empty_zip = sdist_bytes() + b"PK\x05\x06" + b"\0" * 18
    assert "sdist-also-zip" in errors(SDIST_NAME, empty_zip)


def test_the_signature_of_a_zip_alone_does_not_make_one() -> None:
    signature = file_member("demo-1.0/data.bin", b"PK\x05\x06" + b"x" * 18)
    stored = gzip.compress(gzip.decompress(sdist_bytes(signature)), compresslevel=0, mtime=0)
    assert judge(SDIST_NAME, stored) == {}


def test_padding_beyond_the_budget_is_not_damage() -> None:
    options = CheckOptions(unpacked_budget=len(PLAIN) + 4096)
    assert judge(SDIST_NAME, gzip.compress(PLAIN + b"\0" * 100_000, mtime=0), options=options) == {}


LONG = "demo-1.0/" + "/".join(["folder"] * 30) + "/é.txt"
FINE: list[tuple[str, Callable[[], bytes]]] = [
    ("an ordinary sdist", sdist_bytes),
    ("GNU's format with a long name", lambda: sdist_bytes(file_member(LONG, b""), pax=False)),
    ("pax headers with a long name", lambda: sdist_bytes(file_member(LONG, b""))),
    ("the tar of macOS", of_the_tar_of_macos),
    ("another name of the folder", lambda: sdist_bytes(top="something-else")),
    ("a deeper folder", lambda: sdist_bytes(top="home/user/demo-1.0")),
    (
        "no end of the archive",
        lambda: gzip.compress(PLAIN.rstrip(b"\0") + b"\0" * (-len(PLAIN.rstrip(b"\0")) % 512), mtime=0),
    ),
    (
        "licenses",
        lambda: sdist_bytes(
            file_member("demo-1.0/LICENSE", b""), file_member("demo-1.0/third/party.txt", b""), metadata=LICENSED
        ),
    ),
    (
        "PKG-INFO as a symbolic link",
        lambda: tar_bytes(
            [
                link_member("demo-1.0/PKG-INFO", "egg/PKG-INFO"),
                *sdist_members()[1:],
                file_member("demo-1.0/egg/PKG-INFO", metadata_bytes()),
            ]
        ),
    ),
    (
        "PKG-INFO as a hard link",
        lambda: tar_bytes(
            [
                file_member("demo-1.0/egg/META", metadata_bytes()),
                link_member("demo-1.0/PKG-INFO", "demo-1.0/egg/META", tarfile.LNKTYPE),
                *sdist_members()[1:],
            ]
        ),
    ),
    (
        "a link to a link",
        lambda: tar_bytes(
            [
                link_member("demo-1.0/PKG-INFO", "a"),
                link_member("demo-1.0/a", "b"),
                file_member("demo-1.0/b", metadata_bytes()),
                *sdist_members()[1:],
            ]
        ),
    ),
    (
        "PKG-INFO twice, the last one counts",
        lambda: tar_bytes([file_member("demo-1.0/PKG-INFO", b"nonsense"), *sdist_members()]),
    ),
    ("PKG-INFO of an unknown type", of_unknown_type),
    ("egg-info beside it", lambda: sdist_bytes(file_member("demo-1.0/demo.egg-info/PKG-INFO", b"nonsense"))),
]


@pytest.mark.parametrize("build", [pytest.param(build, id=what) for what, build in FINE])
def test_what_the_index_takes_breaks_no_rule(build: Callable[[], bytes]) -> None:
    assert judge(SDIST_NAME, build()) == {}


def test_metadata_above_the_limit_is_not_read() -> None:
    data = sdist_bytes(metadata=metadata_bytes(body="x\n" * (5 << 20)))
    assert errors(SDIST_NAME, data) == ["metadata-too-large"]


def test_beyond_the_budget_the_rest_is_skipped_with_a_warning() -> None:
    data = sdist_bytes(file_member("demo-1.0/big.bin", b"\0" * 100_000))
    for options in (CheckOptions(unpacked_budget=50_000), CheckOptions(member_budget=3)):
        assert judge(SDIST_NAME, data, options=options) == {"not-fully-checked": Severity.WARNING}


def test_metadata_beyond_the_budget_is_an_error_because_no_form_can_be_filled_in() -> None:
    members = [file_member("demo-1.0/big.bin", b"\0" * 100_000), *sdist_members()]
    found = judge(SDIST_NAME, tar_bytes(members), options=CheckOptions(unpacked_budget=50_000))
    assert found == {"not-fully-checked": Severity.WARNING, "sdist-pkg-info-unreadable": Severity.ERROR}


def test_a_header_that_asks_for_much_memory_is_not_read() -> None:
    info, _ = file_member("demo-1.0/x", b"")
    info.pax_headers = {"comment": "x" * (17 << 20)}
    assert judge(SDIST_NAME, sdist_bytes((info, b""))) == {"not-fully-checked": Severity.WARNING}


def test_without_the_full_check_contents_are_not_scanned() -> None:
    data = sdist_bytes(file_member("demo-1.0/a.py", b"__pyarmor_enter__", mode=0o666))
    assert judge(SDIST_NAME, data, options=CheckOptions(full=False)) == {}


def test_the_digests_are_those_of_the_whole_file() -> None:
    data = sdist_bytes() + b"trailing" * 100_000
    (distribution,) = judge_all((SDIST_NAME, data)).distributions
    assert distribution.sha256 == hashlib.sha256(data).hexdigest()
    assert distribution.blake2b_256 == hashlib.blake2b(data, digest_size=32).hexdigest()


def test_a_chain_of_headers_ends_in_a_finding() -> None:
    buffer = io.BytesIO()
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    buffer.write(header.tobuf(tarfile.USTAR_FORMAT) * 5000)
    assert errors(SDIST_NAME, gzip.compress(buffer.getvalue(), mtime=0)) == ["sdist-unreadable"]
