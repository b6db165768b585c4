"""Starts ``bootstrap.py`` with a Sigstore instance of this machine: ``attested.py CHECKOUT TRUST publish``.

The action has no setting for another instance than the public one, so the client trust configuration (a JSON file) is
handed to the program here. Run with ``-I -S``, as the launchers run ``bootstrap.py``. Standard library only.
"""

import functools
import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType


def main(checkout: str, trust: str, arguments: list[str]) -> int:
    """Load the bootstrap, and let the program that it imports trust the instance."""
    found = importlib.util.spec_from_file_location("bootstrap", Path(checkout, "bootstrap.py"))
    if found is None or found.loader is None:
        raise FileNotFoundError(checkout)
    bootstrap = importlib.util.module_from_spec(found)
    found.loader.exec_module(bootstrap)
    configuration = Path(trust).read_text(encoding="utf-8")
    import_module = importlib.import_module

    def trusting(name: str, package: str | None = None) -> ModuleType:
        module = import_module(name, package)
        if name == "pypi_trusted_publish.__main__":
            module.ProcessContext = functools.partial(module.ProcessContext, sigstore_trust=configuration)  # type: ignore[attr-defined]
        return module

    importlib.import_module = trusting
    code: int = bootstrap.main(arguments, os.environ)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
