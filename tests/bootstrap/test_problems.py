"""Problems are reported before the packages are installed."""

from __future__ import annotations

import errno
from typing import Final

import pytest

from pypi_trusted_publish.errors import Diagnosis
from pypi_trusted_publish.installation.problems import (
    annotation,
    limit_reached,
    log_lines,
    not_installed,
    not_written,
    summary,
)

UNTRUSTED = "x\r::add-mask::y ##[error]z\x1b[31m"

DIAGNOSIS = Diagnosis(
    code="a-code",
    message=f"It broke: {UNTRUSTED} 100%",
    fix="Mend it.",
    snippet="- one\n- two",
    details=(("fact", "1"),),
)


def test_the_log_has_the_whole_of_it_without_commands() -> None:
    assert log_lines(DIAGNOSIS) == [
        "It broke: x\\r::add-mask::y ##\\[error]z\\x1b[31m 100%",
        "Mend it.",
        "- one",
        "- two",
        "fact: 1",
    ]


def test_the_annotation_is_one_command_on_one_line_whatever_the_text() -> None:
    text = annotation(DIAGNOSIS)
    assert text == (
        "::error title=pypi-trusted-publish a-code::It broke: x\\r::add-mask::y ##\\[error]z\\x1b[31m 100%25 Mend it."
    )


def test_the_annotation_stays_within_the_runners_limit() -> None:
    long = Diagnosis(code="a-code", message="x" * 10_000)
    assert len(annotation(long).removeprefix("::error title=pypi-trusted-publish a-code::")) == 4000


def test_untrusted_text_cannot_leave_the_code_block_of_the_summary() -> None:
    block = summary(Diagnosis(code="a-code", message="one\n\n# two\n```", read_more="docs/x.md")).splitlines()[2:-2]
    assert block == ["    one\\n\\n# two\\n```"]


def test_the_last_lines_of_pip_are_kept_and_credentials_in_urls_are_not() -> None:
    said = "\n".join(
        [f"line {number}" for number in range(40)] + ["ERROR: https://me:secret@host.invalid/ said no", ""]
    )
    diagnosis = not_installed("runtime", said, 1, "python (3.12)", {}).diagnostics()[0]
    assert diagnosis.message.endswith("(status 1): ERROR: https://***@host.invalid/ said no")
    assert next(value for name, value in diagnosis.details if name == "pip") == "line 21"


def test_a_password_behind_a_user_with_an_at_sign_is_not_kept_either() -> None:
    said = "ERROR: https://me@example.org:secret@host.invalid/simple said no"
    assert "secret" not in str(not_installed("runtime", said, 1, "python (3.12)", {}).diagnostics())


def test_no_line_of_pip_lists_the_indexes_or_shows_a_token_in_a_path() -> None:
    said = (
        "Looking in indexes: https://one.invalid/simple, https://two.invalid/t0ken-of-16-chars/simple\n"
        "WARNING: Retrying after connection broken by 'x': /t0ken-of-16-chars/simple/idna/\n"
        "ERROR: https://me:pa/ss@two.invalid:8443/t0ken-of-16-chars/simple said no"
    )
    settings = {
        "PIP_INDEX_URL": "https://one.invalid/simple",
        "PIP_EXTRA_INDEX_URL": "https://me:pa/ss@two.invalid:8443/t0ken-of-16-chars/simple",
        "https_proxy": "me:pa/ss@proxy:3128",
    }
    (diagnosis,) = not_installed("runtime", said, 1, "python (3.12)", settings).diagnostics()
    shown = repr(diagnosis)
    assert diagnosis.details[1:4] == (
        ("PIP_INDEX_URL", "https://one.invalid"),
        ("PIP_EXTRA_INDEX_URL", "https://two.invalid:8443"),
        ("https_proxy", "proxy:3128"),
    )
    assert "https://***@two.invalid:8443/***/simple said no" in diagnosis.message
    assert "t0ken" not in shown
    assert "pa/ss" not in shown
    assert "Looking in indexes" not in shown


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("certificate has expired", "This machine's clock says 2"),
        ("certificate is not yet valid", "Set the clock of the runner"),
        ("unable to get local issuer certificate", "Set `PIP_CERT`"),
    ],
)
def test_a_certificate_that_pip_did_not_accept_is_a_matter_of_the_runner(reason: str, words: str) -> None:
    said = (
        "WARNING: Retrying (Retry(total=4, connect=None)) after connection broken by 'SSLError("
        "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
        f"{reason} (_ssl.c:1006)'))': /simple/idna/\n"
        "ERROR: Could not find a version that satisfies the requirement idna==3.10 (from versions: none)\n"
    )
    problem = not_installed("runtime", said, 1, "python (3.12)", {})
    (diagnosis,) = problem.diagnostics()
    assert (problem.exit_code, diagnosis.code) == (2, "package-index-certificate")
    assert diagnosis.message == f"pip did not accept the certificate of the package index: {reason}."
    assert words in f"{diagnosis.likely_cause} {diagnosis.fix}"


@pytest.mark.parametrize(
    ("failure", "lacking"),
    [
        (MemoryError(), "memory"),
        (OSError(errno.ENOMEM, ""), "memory"),
        (OSError(errno.EAGAIN, ""), "threads or processes"),
        (RuntimeError("can't start new thread"), "threads or processes"),
        (OSError(errno.EMFILE, ""), "file descriptors"),
        (OSError(errno.EPIPE, ""), None),
        (RuntimeError("another"), None),
    ],
)
def test_a_limit_of_the_system_is_not_a_bug(failure: Exception, lacking: str | None) -> None:
    limit = limit_reached(failure)
    assert (limit and str(limit)) == (lacking and f"The action ran out of {lacking}.")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "runner-disk-full"),
        (errno.EMFILE, "runner-limit-reached"),
        (errno.EFBIG, "packages-not-written"),
        (errno.EROFS, "packages-not-written"),
    ],
)
def test_packages_that_cannot_be_written_are_a_matter_of_the_runner(number: int, code: str) -> None:
    problem = not_written(OSError(number, ""))
    assert (problem.exit_code, problem.diagnostics()[0].code) == (2, code)


def test_a_pip_that_prints_nothing_is_reported_by_its_status() -> None:
    assert "(status -9): " in not_installed("runtime", "", -9, "python (3.12)", {}).diagnostics()[0].message


NOT_FOUND: Final = """\
ERROR: Could not find a version that satisfies the requirement idna==3.20 (from versions: none)
ERROR: No matching distribution found for idna==3.20
"""


def test_an_index_without_the_wheel_is_no_reason_to_run_again() -> None:
    problem = not_installed("runtime", NOT_FOUND, 1, "python (3.12)", {})
    (diagnosis,) = problem.diagnostics()
    assert (problem.exit_code, diagnosis.code) == (2, "packages-not-on-index")
    assert "idna==3.20 for this Python: python (3.12)" in diagnosis.message


def test_an_index_that_did_not_answer_is_one_and_its_reason_is_named() -> None:
    settings = {"PIP_INDEX_URL": "https://me:secret@host.invalid/simple"}
    problem = not_installed(
        "runtime", NOT_FOUND, 1, "python (3.12)", settings, unanswered=["503 at https://me:secret@host.invalid/"]
    )
    (diagnosis,) = problem.diagnostics()
    assert (problem.exit_code, diagnosis.code) == (5, "packages-not-installed")
    assert ("pip", "503 at https://***@host.invalid/") in diagnosis.details
