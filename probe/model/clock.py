"""The one spelling of a time: RFC 3339, UTC, milliseconds, `Z`. Knows no clock; callers bring epoch seconds."""

from datetime import UTC, datetime


def rfc3339(epoch: float) -> str:
    """Epoch seconds as `2021-02-08T11:00:00.000Z` (RFC 3339 section 5.6, milliseconds, always UTC)."""
    moment = datetime.fromtimestamp(round(epoch * 1000) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> float:
    """Epoch seconds of an RFC 3339 time. Raises ValueError if it is not one, or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone; write it with Z or an offset such as +08:00")
    return moment.timestamp()


def compact(epoch: float) -> str:
    """Epoch seconds as `20210208T110000Z`: the time in a run id."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y%m%dT%H%M%SZ")
