"""Archives and metadata: bytes in, values out."""
