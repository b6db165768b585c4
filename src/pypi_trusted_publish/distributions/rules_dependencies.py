"""Rules about requirements, extras and import names. The checks are in ``dependencies.py`` and ``imports.py``."""

from __future__ import annotations

from typing import Final

from .rule import SEEN, Rule

REQUIREMENT_INVALID: Final = Rule(
    code="requirement-invalid",
    statement="`Requires-Dist`, `Provides-Dist` and `Obsoletes-Dist` are valid dependency specifiers.",
    source="Dependency specifiers specification",
    meaning="The index refuses the file.",
    fix="Mend the entry under `dependencies` or `optional-dependencies`; a good one is `name[extra] >=1.2`.",
)
REQUIREMENT_DIRECT: Final = Rule(
    code="requirement-direct",
    statement="No `Requires-Dist`, `Provides-Dist` or `Obsoletes-Dist` is a direct reference (`name @ url`).",
    source=f"Core metadata specification, Requires-Dist; {SEEN}",
    meaning="The index refuses the file, and always will: dependencies must be found on an index.",
    fix="Depend on a published version; what is for development only belongs in a dependency group.",
)
REQUIRES_PYTHON_INVALID: Final = Rule(
    code="requires-python-invalid",
    statement="`Requires-Python` is a valid set of version specifiers.",
    source="Version specifiers specification",
    meaning="The index refuses the file.",
    fix='Write `requires-python = ">=3.10"` or the like under `[project]`; `.*` goes only with `==` and `!=`.',
)
EXTRA_INVALID: Final = Rule(
    code="extra-invalid",
    statement="`Provides-Extra` has only ASCII letters, digits, `.`, `_` and `-`, with a letter or digit at both ends.",
    source="Core metadata specification, Provides-Extra",
    meaning="The index refuses the file.",
    fix="Rename the extra under `[project.optional-dependencies]`.",
)
IMPORT_NAME_INVALID: Final = Rule(
    code="import-name-invalid",
    statement="`Import-Name` and `Import-Namespace` are dotted identifiers that are no keywords, with nothing or "
    "`; private` behind.",
    source="Core metadata specification, Import-Name (PEP 794)",
    meaning="The index refuses the file.",
    fix="Mend `import-names` or `import-namespaces` under `[project]`.",
)

RULES: Final = (
    REQUIREMENT_INVALID,
    REQUIREMENT_DIRECT,
    REQUIRES_PYTHON_INVALID,
    EXTRA_INVALID,
    IMPORT_NAME_INVALID,
)
