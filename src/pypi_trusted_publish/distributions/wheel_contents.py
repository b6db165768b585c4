"""What was read of a wheel, before it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from .options import CheckOptions
from .wheel_reading import METADATA, WheelReading
from .zip_records import Entry, FramingFault


@dataclass(kw_only=True)
class WheelArchive:
    """What was read of a wheel."""

    filename: str
    dist_info: str
    size: int
    """Bytes of the file."""
    options: CheckOptions
    reading: WheelReading
    entries: dict[str, Entry]
    """By the name that the headers spell."""
    names: dict[str, Entry]
    """By the name that installers see."""
    faults: list[FramingFault]
    """At most one for the directory or the walk."""
    also_tar: bool = False
    disk: int = 0
    truncated: bool = False
    """Whether the directory has more entries than the budget allows."""
    whole_directory: bool = False
    """Whether all of its entries could be read."""

    @property
    def metadata(self) -> bytes | None:
        """The bytes of METADATA."""
        return self.reading.kept.get(METADATA)
