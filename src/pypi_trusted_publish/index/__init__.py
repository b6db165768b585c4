"""The index: its addresses, its documents, its answers (pure), and the client that talks to it (adapter)."""
