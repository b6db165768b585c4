"""Everything that the index says about the core metadata of one file. Pure; the rules' families stand beside it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from .classifiers import KnownClassifiers, classifier_findings
from .contacts import contact_findings
from .dependencies import dependency_findings
from .description import DescriptionRenderer, description_findings
from .distribution import CoreMetadata, Finding
from .imports import import_findings
from .licences import licence_findings
from .metadata_form import form_findings
from .sent_metadata import sent_metadata

MOST_FINDINGS: Final = 100
"""Of one file's metadata that are told: a file of megabytes could have a hundred thousand."""


def metadata_findings(
    metadata: CoreMetadata,
    filename: str,
    *,
    render: DescriptionRenderer | None = None,
    known_classifiers: KnownClassifiers | None = None,
) -> Iterator[Finding]:
    """What is wrong with the metadata of a wheel or an sdist, by what its upload form would carry.

    ``render`` renders reStructuredText (without it no description is rendered), ``known_classifiers`` is asked, at most
    once a call, when a classifier is not in our table.
    """
    sent = sent_metadata(metadata)
    findings = chain(
        form_findings(sent, filename),
        contact_findings(sent, filename),
        classifier_findings(sent, filename, known_classifiers=known_classifiers),
        dependency_findings(sent, filename),
        licence_findings(sent, filename),
        import_findings(sent, filename),
        description_findings(sent, filename, render=render),
    )
    return islice(findings, MOST_FINDINGS)
