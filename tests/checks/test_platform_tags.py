from __future__ import annotations

import pytest

from builders.archives import wheel_bytes
from builders.judging import judge, judge_all
from pypi_trusted_publish.checks.model import CheckOptions, Doubt
from pypi_trusted_publish.checks.platform_tags import IMPOSSIBLE, TagStatus, platform_tag_status
from pypi_trusted_publish.errors import Severity

ACCEPTED = [
    *("any", "win32", "win_amd64", "win_arm64", "win_ia64", "linux_armv6l", "linux_armv7l"),
    *("manylinux1_x86_64", "manylinux2010_i686", "manylinux2014_ppc64", "manylinux2014_X86_64"),
    *("manylinux_2_17_x86_64", "manylinux_2_39_riscv64", "manylinux_2_28_ppc64", "musllinux_1_2_aarch64"),
    *("macosx_10_9_x86_64", "macosx_10_99_universal", "macosx_11_0_arm64", "macosx_15_0_universal2"),
    *("macosx_26_0_arm64", "macosx_10_4_fat3", "ios_13_0_arm64_iphoneos", "ios_13_0_x86_64_iphonesimulator"),
    *("android_21_arm64_v8a", "android_24_x86", "pyemscripten_2024_0_wasm32"),
]
TRAILING = ["ios_13_0_arm64_iphoneosx", "ios_13_0_x86_64_iphonesimulator_2", "pyemscripten_2024_0_wasm32_x"]
UNKNOWN = [
    *("macosx_27_0_arm64", "wasi_0_0_wasm32", "win_riscv64", "manylinux_2_17_sparc", "musllinux_1_2_ppc64"),
    *("musllinux_1_1", "macosx_10_9_arm", "macosx_11_0_arm64e", "ios_13_0_arm64", "android_21_mips"),
    *("freebsd_14_0_release_amd64", "manylinux_2_17_x86_64x", "macosx_999999_0_arm64", "android_21_x86_64_x"),
    *("ios_13_0_arm64_iphoneos_iphonesimulator", "manylinux2026_x86_64", "xpyemscripten_2024_0_wasm32"),
]
IMPOSSIBLE_TAGS = [
    *("", "any (1)", "any-1", "\u00e4nd", "any\n"),
    *("linux", "linux_x86_64", "linux_aarch64", "linux_armv8l"),
    *("manylinux1_aarch64", "manylinux1_ppc64le", "manylinux2010_aarch64", "manylinux2010_s390x"),
    *("manylinux2014_riscv64", "manylinux2014_sparc"),
    *("emscripten_3_1_58_wasm32", "pyodide_2024_0_wasm32"),
    *("macosx_9_0_ppc", "macosx_16_0_arm64", "macosx_25_0_arm64", "macosx_11_1_arm64", "macosx_26_1_arm64"),
]


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        *((tag, TagStatus.ACCEPTED) for tag in ACCEPTED),
        *((tag, TagStatus.TRAILING_TEXT) for tag in TRAILING),
        *((tag, TagStatus.UNKNOWN) for tag in UNKNOWN),
        *((tag, TagStatus.IMPOSSIBLE) for tag in IMPOSSIBLE_TAGS),
    ],
)
def test_a_tag_has_the_status_that_the_index_gives_it(tag: str, status: TagStatus) -> None:
    assert platform_tag_status(tag)[0] is status


def test_every_row_of_impossible_tags_has_its_source_and_is_met() -> None:
    assert all(row.why and row.source for row in IMPOSSIBLE)
    met = {platform_tag_status(tag)[1] for tag in IMPOSSIBLE_TAGS}
    assert met == {row.why for row in IMPOSSIBLE}


@pytest.mark.parametrize(
    "tag", ["linux_x86_64", "any (1)", "\u00e4ny", "manylinux1_aarch64", "emscripten_3_1_58_wasm32"]
)
def test_an_impossible_tag_is_an_error_everywhere(tag: str) -> None:
    for options in (CheckOptions(), CheckOptions(lenient_tables=True), CheckOptions(publishing=True)):
        found = judge(f"demo-1.0-py3-none-{tag}.whl", wheel_bytes(), options=options)
        assert found == {"wheel-platform-refused": Severity.ERROR}


def test_an_unknown_tag_is_in_doubt_while_publishing_and_an_error_of_check() -> None:
    filename = "demo-1.0-py3-none-macosx_27_0_arm64.whl"
    assert judge(filename, wheel_bytes()) == {"wheel-platform-unknown": Severity.ERROR}
    found = judge_all((filename, wheel_bytes()), options=CheckOptions(publishing=True))
    assert ("wheel-platform-unknown", Severity.WARNING) in {(each.rule, each.severity) for each in found.findings}
    assert found.doubts == {filename: {Doubt(rule="wheel-platform-unknown", value="macosx_27_0_arm64")}}


def test_text_behind_a_tag_that_the_index_overlooks_is_a_warning() -> None:
    found = judge("demo-1.0-py3-none-ios_13_0_arm64_iphoneosx.whl", wheel_bytes())
    assert found == {"wheel-platform-trailing-text": Severity.WARNING}
