"""Trusted Publishing without the wire: identity tokens, claims, the documents of the exchange, its refusals. Pure."""
