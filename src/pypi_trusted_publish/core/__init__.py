"""The decisions of a release, without I/O: claims, the exchange, the plan, retries, answers of the index."""
