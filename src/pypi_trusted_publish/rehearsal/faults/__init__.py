"""Everything that a rehearsal can let go wrong: :mod:`.table` lists it by name."""
