"""Amounts as people write them on a command line: `10m` of time, `20MB` of data. And amounts as people read them."""

import math
import re

_SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_AMOUNT = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([A-Za-z]*)", re.ASCII)


def seconds_of(text: str) -> float | None:
    """`90`, `90s`, `10m`, `1.5h`, `1d` in seconds; None if it is no time above zero."""
    found = _amount(text, _SECONDS)
    return found if found else None


def bytes_of(text: str) -> int | None:
    """`500000`, `500kB`, `20MB`, `1GiB` in bytes; None if it is no amount above zero."""
    found = _amount(text, _BYTES)
    return int(found) if found else None


def spoken(seconds: float) -> str:
    """A stretch of time in at most two units: `45 s`, `9 min 40 s`, `2 h 5 min`, `3 d 4 h`."""
    left = max(0, round(seconds)) if seconds >= 1 or seconds <= 0 else 1
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        count, left = divmod(left, size)
        parts.append((count, unit))
    first = next((i for i, (count, _) in enumerate(parts) if count), len(parts) - 1)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count or unit == parts[first][1])


def many(count: int, noun: str) -> str:
    """So many of something: `1 run`, `2 runs`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def weighed(size: int) -> str:
    """An amount of data: `840 B`, `12.4 kB`, `3.1 MB`."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}"
    return f"{size} B"


def _amount(text: str, units: dict[str, float] | dict[str, int]) -> float | None:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or match[2] not in units:
        return None
    value = float(match[1]) * units[match[2]]
    return value if math.isfinite(value) else None
