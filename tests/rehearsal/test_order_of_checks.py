"""An upload with many defects is refused for them in PyPI's order, one after the other as they are removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from builders.plain_client import PlainClient
from pypi_trusted_publish.rehearsal.http_errors import Refusal
from pypi_trusted_publish.rehearsal.metadata_checks import check_metadata
from pypi_trusted_publish.rehearsal.samples import Sample, build_sdist, build_wheel
from pypi_trusted_publish.rehearsal.upload_form import UploadForm

Sandboxed: TypeAlias = Callable[..., PlainClient]


def test_defects_are_reported_in_the_order_of_pypi(sandboxed: Sandboxed, tmp_path: Path) -> None:
    client = sandboxed(faults=["index-read-only"], size_limit=10)
    index = client.sandbox.index
    (project,) = index.store.projects.values()
    project.status = "archived"
    project.organization_active = False
    index.call(lambda: index.store.used_filenames.add("rehearsal_sample-1.0.0-py3-none-any.whl"))
    wheel = tmp_path / "rehearsal_sample-1.0.0-py3-none-any.whl"
    wheel.write_bytes(b"not a zip file")
    changes: dict[str, str | None] = {
        "protocol_version": "2",
        "filetype": "bdist_egg",
        "metadata_version": "9.9",
        "description": "`a <b>`_ :foo:`x`\n\n.. bar::\n",
        "description_content_type": "text/x-rst",
        "sha256_digest": "0" * 64,
    }
    token, filename = "pypi-unknown", "x/" + wheel.name

    def refused() -> str:
        answer = client.upload(wheel, token=token, changes=changes, filename=filename)
        return "" if answer.status_code == 200 else answer.reason_phrase

    assert refused().startswith("Invalid or non-existent authentication information.")
    token = client.token()
    assert refused().startswith("Read-only mode")
    index.uploads.flags.read_only = False
    assert refused() == "Unknown protocol version."
    del changes["protocol_version"]
    assert refused() == "Invalid value for filetype. Error: Use a known file type."
    del changes["filetype"]
    assert refused().startswith("'9.9' is not a valid metadata version.")
    del changes["metadata_version"]
    assert refused().startswith("The given token isn't allowed to upload")
    project.status = "active"
    assert refused().startswith("Organization account owning this project is inactive.")
    project.organization_active = True
    assert refused().startswith("The description failed to render for 'text/x-rst'.")
    del changes["description"]
    assert refused().startswith("Cannot upload a file with '/'")
    filename = wheel.name
    assert refused().startswith("File too large.")
    project.size_limit = 1 << 20
    assert refused() == "Invalid distribution file. File is not a zipfile"
    build_wheel(tmp_path, Sample())
    assert refused().startswith("The digest supplied does not match")
    del changes["sha256_digest"]
    assert refused().startswith("This filename was previously used")
    index.store.used_filenames.clear()
    assert refused() == ""


def test_the_release_is_judged_before_the_contents(sandboxed: Sandboxed, tmp_path: Path) -> None:
    client = sandboxed()
    index = client.sandbox.index
    sdist = build_sdist(tmp_path, Sample())
    assert client.upload(sdist).status_code == 200
    misnamed = tmp_path / "rehearsal_sample-1.0.tar.gz"
    (tmp_path / "other").mkdir()
    misnamed.write_bytes(build_sdist(tmp_path / "other", Sample(version="1.0")).read_bytes())
    changes: dict[str, str | None] = {"version": "1.0.0"}
    index.time.advance(15 * 86_400)
    assert "releases older than 14 days" in client.upload(misnamed, changes=changes).reason_phrase
    index.time.advance(-15 * 86_400)
    assert client.upload(misnamed, changes=changes).reason_phrase == "Only one sdist may be uploaded per release."
    index.call(lambda: index.store.delete(sdist.name))
    assert client.upload(misnamed, changes=changes).reason_phrase == (
        "Filename 'rehearsal_sample-1.0.tar.gz' is invalid, should be 'rehearsal_sample-1.0.0.tar.gz'."
    )


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        (
            "classifiers",
            "Natural Language :: Ukranian",
            "The classifier 'Natural Language :: Ukranian' has been deprecated",
        ),
        ("home_page", "example.com", "'example.com' is not a valid url"),
        ("project_urls", f"{'x' * 33}, https://example.com", f"'{'x' * 33}' must be 32 characters or less"),
        ("project_urls", ", https://example.com", "Must have a label"),
        ("project_urls", "Home", "Must have a URL"),
        ("provides_dist", "not a name!", "'not a name!' is invalid: "),
        ("provides_dist", "x @ https://example.com/x", "Can't have direct dependency: 'x @ https://example.com/x'"),
        ("requires_dist", "x ==", "'x ==' is invalid for 'requires-dist'"),
        ("import_name", "x", "import-name introduced in metadata version 2.5, not 2.4"),
        ("description_content_type", "text/html", "'description-content-type' must be one of"),
        ("license_file", "../LICENSE", "'../LICENSE' is invalid for 'license-file'"),
        ("keywords", "one,two", ""),
        ("summary", "UNKNOWN", ""),
        ("author_email", "Jane Doe <jane@example.com>", ""),
        ("license_expression", "LicenseRef-Ours", ""),
        ("requires_python", ">=3.10,<4", ""),
        ("unknown_field", "anything", ""),
    ],
)
def test_core_metadata_is_judged_by_the_libraries_of_pypi(field: str, value: str, text: str) -> None:
    fields = (("metadata_version", "2.4"), ("name", "sample"), ("version", "1.0"), (field, value))
    form = UploadForm(
        fields=fields, filename=None, content_type="", file_fields=(), sha256="", blake2b_256="", size=0
    ).cleaned()
    if text:
        with pytest.raises(Refusal) as refused:
            check_metadata(form)
        assert refused.value.text.startswith(text)
        assert refused.value.text.endswith(
            ". See https://packaging.python.org/specifications/core-metadata for more information."
        )
    else:
        assert check_metadata(form).name == "sample"
