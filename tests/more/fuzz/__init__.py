"""Hypothesis for a stated time on names, metadata, zip, tar and RECORD: ``make fuzz``."""
