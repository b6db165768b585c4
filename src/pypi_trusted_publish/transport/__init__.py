"""HTTP: one bounded request at a time, with our trust store, our proxies and our limits. The only place that knows httpx."""
