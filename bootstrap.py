"""Start the program on a Python that can run it.

Run as ``python -I -S -u -X utf8 bootstrap.py [ARGUMENT...]``; without arguments: ``publish``. This file has no syntax
that an old Python lacks, so that every Python can at least name itself.
"""

import os
import sys

if sys.version_info < (3, 10):  # noqa: UP036 - which version this is, is the question
    sys.stdout.write(
        "This Python is older than 3.10: %s (%s). Run this with a newer one.\n"  # noqa: UP031
        % (sys.executable, sys.version.split()[0])
    )
    sys.exit(2)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "src"))  # noqa: PTH118, PTH120

from pypi_trusted_publish.installation.start import main, start_isolated  # noqa: E402 - found by the line above

if __name__ == "__main__":
    if sys.flags.isolated and sys.flags.no_site:
        sys.exit(main(sys.argv[1:], os.environ))
    start_isolated(__file__, sys.argv[1:], os.environ)  # started by hand
