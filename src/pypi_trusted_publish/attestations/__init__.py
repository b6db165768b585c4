"""Digital attestations (PEP 740): read, made and verified. Imported only when they are asked for."""
