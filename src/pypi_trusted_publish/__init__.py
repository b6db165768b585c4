"""Publish Python distributions from GitHub Actions by Trusted Publishing."""

__version__ = "1.0.0"
