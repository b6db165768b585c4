"""Builds what tests need: values and files, right by default, with one thing wrong on demand."""
