"""How much fits into a summary. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ..quantities import count_text


def size(text: str) -> int:
    """Bytes of a text as it is written."""
    return len(text.encode("utf-8", "backslashreplace"))


def within(blocks: Sequence[str], room: int, noun: str, plural: str = "") -> list[str]:
    """The first blocks, as many as fit into ``room`` bytes; what is left out is counted in a last one."""
    kept: list[str] = []
    for block in blocks:
        room -= size(block) + 2
        if room < 0:
            left_out = count_text(len(blocks) - len(kept), noun, plural)
            return [*kept, f"\n{left_out} more: in the log and in the report."]
        kept.append(block)
    return kept
