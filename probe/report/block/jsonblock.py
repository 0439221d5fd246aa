"""A page as JSON: the view itself, nothing left out and nothing rounded. Lays out, makes nothing.

Names are the view's (`probe.report.block.view`, docs/report.md). Every moment and interval has RFC 3339 beside its
epoch times; the ticks of a stripe are arrays, since they are many. `block_report` is the version of this shape.
"""

from typing import Any

import msgspec

from probe.model.clock import rfc3339
from probe.report.block.view import Block, Moment, Span, Tick
from probe.report.escape import json_text
from probe.report.paper import Page
from probe.report.transcript import Transcript

BLOCK_REPORT_VERSION = 1
TICK_FIELDS = Tick._fields


def render(block: Block, page: Page) -> str:
    """One JSON object, indented, ending in a newline. JSON escapes by itself, so `page` is not asked."""
    del page
    document = _data(block)
    document["onsets"]["rows"] = document.pop("episodes")  # all of them, once
    return json_text({"block_report": BLOCK_REPORT_VERSION, "tick_fields": TICK_FIELDS, **document})


def _data(value: Any) -> Any:
    """The value as JSON holds it: tuples with names become objects, without them arrays."""
    if isinstance(value, Span):
        earliest = None if value.earliest is None else rfc3339(value.earliest)
        return {**value._asdict(), "earliest_utc": earliest, "latest_utc": rfc3339(value.latest)}
    if isinstance(value, Moment):
        return {**value._asdict(), "at_utc": rfc3339(value.at)}
    if isinstance(value, Tick):
        return tuple(value)
    if isinstance(value, Transcript):
        return msgspec.to_builtins(value)
    if isinstance(value, tuple):
        named = getattr(value, "_asdict", None)
        return [_data(one) for one in value] if named is None else {k: _data(one) for k, one in named().items()}
    return {key: _data(one) for key, one in value.items()} if isinstance(value, dict) else value
