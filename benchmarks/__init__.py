"""Measures this project beside twine and uv: see ``python -m benchmarks --help``."""
