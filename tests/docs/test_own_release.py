"""This project can be released in the way it recommends: the conditions of ``release.yml`` are met."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from builders.started import ROOT
from pypi_trusted_publish import __version__

NEEDED: Final = ("pyproject.toml", "README.md", "LICENSE")
"""What a build of this project reads in addition to ``src``."""


def run(folder: Path, *command: str) -> str:
    """Run a module of this virtual environment in a folder; returns what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("GITHUB_", "INPUT_"))}
    ended = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environ | {"PYTHONPATH": str(folder / "src")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_our_own_distributions_pass_our_own_check_at_its_strictest(tmp_path: Path) -> None:
    for name in NEEDED:
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    run(tmp_path, "build", "--no-isolation")
    assert "2 distributions checked" in run(tmp_path, "pypi_trusted_publish", "check", "--strict", "dist")


def test_the_changelog_has_an_entry_for_the_version_to_be_released() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[{re.escape(__version__)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE)
    sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
    titles = [re.findall(r"^### (\w+)$", section, re.MULTILINE) for section in sections]
    assert all("Security" not in found[1:] for found in titles)


def test_the_release_workflow_finds_the_version_where_it_looks_for_it() -> None:
    workflow = (ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    found = re.search(r"sed -n 's/\^(.+?)\\\(\.\*\\\)(.+?)\$/\\1/p' (\S+)\)", workflow)
    assert found is not None
    before, after, path = found.groups()
    assert f"{before}{__version__}{after}\n" in (ROOT / path).read_text(encoding="utf-8")


WORKFLOW: Final = ROOT / ".github" / "workflows" / "release.yml"


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    return found


def script(job: str, name: str) -> str:
    (found,) = (step["run"] for step in jobs()[job]["steps"] if step.get("name") == name)
    return str(found)


def run_step(job: str, name: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run one step of the workflow as GitHub does."""
    (folder / "output").touch()
    given = {"PATH": os.environ["PATH"], "RUNNER_TEMP": str(folder), "GITHUB_OUTPUT": str(folder / "output"), **environ}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script(job, name)]
    return subprocess.run(command, cwd=folder, env=given, capture_output=True, encoding="utf-8", check=False)


def test_what_builds_and_compares_has_no_rights_and_only_the_publishing_job_gets_an_identity_of_the_index() -> None:
    permissions = {name: set(job["permissions"].items()) for name, job in jobs().items()}
    assert permissions["test"] == permissions["build"] == {("contents", "read")}
    assert permissions["compare"] == set()
    assert [name for name, job in jobs().items() if job.get("environment")] == ["publish"]
    assert [name for name, rights in permissions.items() if ("contents", "write") in rights] == ["release"]
    assert jobs()["compare"]["needs"] == ["test", "build"]
    assert jobs()["publish"]["needs"] == "compare"
    assert jobs()["release"]["needs"] == ["compare", "publish"]


def test_artifacts_are_downloaded_by_name() -> None:
    downloads = [
        step for job in jobs().values() for step in job["steps"] if "download-artifact@" in step.get("uses", "")
    ]
    assert len(downloads) == 4
    assert all(step["with"]["name"] in {"built-one", "built-two"} for step in downloads)


def test_what_builds_a_release_installs_the_packages_of_the_build_alone() -> None:
    runs = "\n".join(step.get("run", "") for step in jobs()["build"]["steps"])
    assert re.findall(r"requirements/(\S+)", runs) == ["build.txt"]
    assert "make" not in runs


with_gnu_tools = pytest.mark.skipif(
    sys.platform != "linux", reason="the steps need GNU's tools, which the runner of a release has"
)


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """Two equal builds, as the artifacts of both jobs hold them."""
    (tmp_path / "one" / "dist").mkdir(parents=True)
    (tmp_path / "one" / "dist" / "demo-1.0.tar.gz").write_bytes(b"sdist")
    (tmp_path / "one" / "dist" / "demo-1.0-py3-none-any.whl").write_bytes(b"wheel")
    (tmp_path / "one" / "release-tree.txt").write_text("0" * 40, encoding="ascii")
    sums = subprocess.run(
        ["bash", "-c", "sha256sum -- dist/* release-tree.*"], cwd=tmp_path / "one", capture_output=True, check=True
    )
    (tmp_path / "one" / "SHA256SUMS").write_bytes(sums.stdout)
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    return tmp_path


def sums(built: Path) -> str:
    assert run_step("compare", "Compare every byte", built).returncode == 0
    return (built / "output").read_text(encoding="utf-8").strip().removeprefix("sums=")


def published(*names: str) -> str:
    content = {"demo-1.0.tar.gz": b"sdist", "demo-1.0-py3-none-any.whl": b"wheel"}
    return json.dumps(
        [
            {"filename": name, "sha256": hashlib.sha256(content[name]).hexdigest(), "outcome": "uploaded"}
            for name in names
        ]
    )


@with_gnu_tools
def test_builds_that_differ_end_the_release(built: Path) -> None:
    assert run_step("compare", "Compare every byte", built).returncode == 0
    (built / "two" / "dist" / "demo-1.0.tar.gz").write_bytes(b"other")
    assert run_step("compare", "Compare every byte", built).returncode != 0


@with_gnu_tools
def test_an_artifact_that_was_replaced_after_the_comparison_is_not_published(built: Path) -> None:
    known = sums(built)
    assert (
        run_step("publish", "Check that the files are those that were compared", built / "one", SUMS=known).returncode
        == 0
    )
    (built / "one" / "dist" / "demo-1.0.tar.gz").write_bytes(b"other")
    assert (
        run_step("publish", "Check that the files are those that were compared", built / "one", SUMS=known).returncode
        != 0
    )


@with_gnu_tools
@pytest.mark.skipif(not shutil.which("jq"), reason="the step uses jq, which GitHub's runners have")
def test_only_what_was_published_is_attached(built: Path) -> None:
    known = sums(built)
    (built / "one").rename(built / "built")
    step = ("release", "Check that the files are those that were published", built)
    assert (
        run_step(*step, SUMS=known, PUBLISHED=published("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl")).returncode == 0
    )
    assert run_step(*step, SUMS=known, PUBLISHED=published("demo-1.0.tar.gz")).returncode != 0
    (built / "built" / "dist" / "demo-1.0.tar.gz").write_bytes(b"other")
    assert (
        run_step(*step, SUMS=known, PUBLISHED=published("demo-1.0.tar.gz", "demo-1.0-py3-none-any.whl")).returncode != 0
    )


def test_the_pull_request_of_the_refreshing_workflow_is_tested() -> None:
    text = (ROOT / ".github" / "workflows" / "refresh-tables.yml").read_text(encoding="utf-8")
    assert "gh workflow run ci.yml --ref refresh-tables" in text
    triggers = YAML(typ="safe").load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))["on"]
    assert "workflow_dispatch" in triggers


@pytest.mark.parametrize(
    "path", ["requirements/runtime.txt", ".github/workflows/release.yml", "bootstrap.py", "launch.sh"]
)
def test_what_decides_over_the_publishing_job_has_owners(path: str) -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text(encoding="utf-8").splitlines()
    patterns = [line.split()[0] for line in lines if line and not line.startswith("#")]
    assert any(f"/{path}".startswith(pattern) for pattern in patterns)
