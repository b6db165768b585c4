"""HTTP: bounded requests with our trust store, our proxies and our limits. The only place that knows httpx."""

from __future__ import annotations
