"""The dates of HTTP headers. Pure."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime


def http_date(text: str | None) -> float | None:
    """Seconds since the epoch of a date such as ``Fri, 15 Jan 2027 08:00:00 GMT``; None for anything else."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.timezone.utc)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):  # the last: a year beyond every integer
        return None
