"""This project beside twine and uv: see :mod:`benchmarks.__main__`."""
