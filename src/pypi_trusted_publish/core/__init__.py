"""Decisions of a release without input or output: claims, the exchange, the plan, retries, answers of the index."""
