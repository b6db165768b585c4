"""Names and contents of members: protected source, secrets, leftovers."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders.archives import SDIST_NAME, WHEEL_NAME, file_member, sdist_bytes, wheel_bytes
from builders.judging import candidate, errors, judge, judge_all
from pypi_trusted_publish.checks import member_contents
from pypi_trusted_publish.checks.check import check
from pypi_trusted_publish.checks.member_contents import SCAN_LIMIT, SourceScan, is_source
from pypi_trusted_publish.checks.member_names import MemberNames
from pypi_trusted_publish.checks.model import FILE_SIZE_LIMIT, CheckOptions, Kind
from pypi_trusted_publish.errors import Severity

BOTH_PYE = b"x\n---BEGIN PYE FILE---\nxyz\n---END PYE FILE---\n"
TOKEN = b"token = 'pypi-AgEIcHlwaS5vcmcCJ" + b"Ab0_-" * 31 + b"'\n"
KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----\nxyz\n"
PROTECTED = [
    ("demo/a.py", b"__pyarmor__(__name__, __file__, b'x')"),
    ("demo/a.PY", b"__pyarmor_enter__"),
    ("demo/a.pye", b"__pyarmor_exit__"),
    ("demo/a.py", b"x" * 300_000 + b"__pyarmor_assert__"),
    ("demo/a.py", b"x" * (256 * 1024 - 9) + b"__pyarmor_bcc__" + b"y" * 100),
    ("demo/a.pye", BOTH_PYE),
]
PLAIN = [
    ("demo/a.txt", b"__pyarmor_enter__"),
    ("demo/.py", b"__pyarmor_enter__"),
    ("demo/a.pyi", b"__pyarmor_enter__"),
    ("demo/a.py", b"__pyarmor__(__name__, $path,"),
    ("demo/a.py", b"---BEGIN PYE FILE---"),
    ("demo/a.py", b"__pyarmor_enter__" + b"x" * SCAN_LIMIT),
]


@pytest.mark.parametrize(("name", "content"), PROTECTED)
def test_protected_source_is_refused(name: str, content: bytes) -> None:
    assert errors(WHEEL_NAME, wheel_bytes({name: content})) == ["content-protected-source"]
    assert errors(SDIST_NAME, sdist_bytes(file_member(f"demo-1.0/{name}", content))) == ["content-protected-source"]


@pytest.mark.parametrize(("name", "content"), PLAIN)
def test_what_the_index_does_not_look_for_is_not_refused(name: str, content: bytes) -> None:
    assert errors(WHEEL_NAME, wheel_bytes({name: content})) == []
    assert errors(SDIST_NAME, sdist_bytes(file_member(f"demo-1.0/{name}", content))) == []


def test_marks_in_two_files_do_not_add_up() -> None:
    halves = {"demo/a.py": b"---BEGIN PYE FILE---", "demo/b.py": b"---END PYE FILE---"}
    assert errors(WHEEL_NAME, wheel_bytes(halves)) == []


def test_a_mark_is_found_wherever_the_pieces_are_cut() -> None:
    mark = b"__pyarmor_assert__"
    for cut in range(len(mark) + 1):
        scan = SourceScan()
        scan.feed(b"before" + mark[:cut])
        scan.feed(mark[cut:] + b"after")
        assert scan.protected_by == "PyArmor"


def test_the_scan_would_not_find_its_own_source_protected() -> None:
    scan = SourceScan()
    scan.feed(Path(member_contents.__file__).read_bytes())
    assert scan.protected_by is None


@pytest.mark.parametrize("name", ["a.py", "A.PY", "x/y.pye", "a.b.py", "a.py/"])
def test_python_source_is_recognized_by_its_suffix(name: str) -> None:
    assert is_source(name)


WARNINGS = [
    ("content-secret-file", "demo/.env", b""),
    ("content-secret-file", "demo/.pypirc", b""),
    ("content-secret-file", "demo/.git/config", b""),
    ("content-secret-file", "demo/keys/id_ed25519", b""),
    ("content-secret-file", "demo/server.pem", KEY),
    ("content-index-token", "demo/upload.py", TOKEN),
    ("content-path-escapes", "../outside.txt", b""),
    ("content-path-escapes", "demo/../../outside.txt", b""),
    ("content-path-escapes", "C:/outside.txt", b""),
    ("content-case-collision", "demo/__INIT__.py", b""),
    ("content-bytecode", "demo/__pycache__/a.cpython-312.pyc", b""),
    ("content-bytecode", "demo/old.pyc", b""),
]
INSTALLED = [
    ("content-path-escapes", "/etc/outside.txt", b""),
    ("content-pth-file", "demo.pth", b"import demo"),
    ("content-pth-file", "demo-1.0.data/purelib/demo.pth", b""),
    ("content-top-level-tests", "tests/__init__.py", b""),
    ("content-top-level-tests", "docs/conf.py", b""),
]


@pytest.mark.parametrize(("code", "name", "content"), WARNINGS + INSTALLED)
def test_what_is_discouraged_in_a_wheel_is_a_warning(code: str, name: str, content: bytes) -> None:
    assert judge(WHEEL_NAME, wheel_bytes({name: content})) == {code: Severity.WARNING}


@pytest.mark.parametrize(
    ("first", "second", "collide"),
    [
        ("demo/caf\u00e9.txt", "demo/cafe\u0301.txt", True),
        ("demo/CAF\u00c9.txt", "demo/cafe\u0301.txt", True),
        ("demo/stra\u00dfe.txt", "demo/STRASSE.txt", True),
        ("demo/a\u0323\u0307.txt", "demo/a\u0307\u0323.txt", True),
        ("demo/caf\u00e9.txt", "demo/cafe.txt", False),
        ("demo/\u0131.txt", "demo/I.txt", False),
        ("demo/\uff21.txt", "demo/A.txt", False),
        ("demo/\ufb01.txt", "demo/\ufb02.txt", False),
        ("demo/" + "a\u0323\u0307" * 500, "demo/" + "a\u0307\u0323" * 500, False),
    ],
    ids=["composed", "and case", "sharp s", "order", "accent", "dotless", "fullwidth", "ligatures", "too long"],
)
def test_names_collide_as_they_do_on_macos(first: str, second: str, collide: bool) -> None:
    names = MemberNames(Kind.WHEEL)
    for name in (first, second):
        names.add(name, is_folder=False)
    assert bool(list(names.findings(WHEEL_NAME))) is collide


@pytest.mark.parametrize(("code", "name", "content"), [each for each in WARNINGS if "outside" not in each[1]])
def test_what_is_discouraged_in_an_sdist_is_a_warning(code: str, name: str, content: bytes) -> None:
    assert judge(SDIST_NAME, sdist_bytes(file_member(f"demo-1.0/{name}", content))) == {code: Severity.WARNING}


HARMLESS = [
    "demo/data.pth",
    "demo/tests/test_a.py",
    "tests.py",
    "demo/public.pem",
    "demo/.env.example",
    "demo/a..b.txt",
]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_only_looks_like_it_has_no_finding(name: str) -> None:
    assert judge(WHEEL_NAME, wheel_bytes({name: b"-----BEGIN CERTIFICATE-----"})) == {}


def test_many_members_of_one_kind_are_one_finding_with_the_first_names() -> None:
    files = {f"demo/__pycache__/{number}.pyc": b"" for number in range(10)}
    (finding,) = [
        each for each in judge_all((WHEEL_NAME, wheel_bytes(files))).findings if each.rule == "content-bytecode"
    ]
    assert finding.message.startswith("10 members: 'demo/__pycache__/0.pyc', ")
    assert finding.message.endswith(" and 8 more.")


def test_a_file_above_the_limit_is_an_error_of_a_table() -> None:
    large = candidate(WHEEL_NAME, wheel_bytes())
    object.__setattr__(large.identity, "size", FILE_SIZE_LIMIT + 1)
    found = check([large], options=CheckOptions(lenient_tables=True))
    assert ("file-too-large", Severity.WARNING) in {(finding.rule, finding.severity) for finding in found.findings}


def test_a_file_that_cannot_be_opened_is_a_finding() -> None:
    def refuse() -> object:
        raise PermissionError(13, "Permission denied")

    found = check([candidate(WHEEL_NAME, b"", opener=refuse)], options=CheckOptions())  # type: ignore[arg-type]
    assert [(finding.rule, finding.message) for finding in found.findings] == [
        ("file-unreadable", "The file cannot be read: Permission denied.")
    ]
