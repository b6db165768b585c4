"""An index and a token issuer of our own, on loopback: a second opinion that shares no code with the client."""
