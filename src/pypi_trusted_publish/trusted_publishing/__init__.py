"""Trusted Publishing without the wire: identity tokens, their claims, the exchange's documents and its refusals. Pure."""
