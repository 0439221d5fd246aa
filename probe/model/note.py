"""What a person saw ("SMS not received"), as a value. A note stands beside measurements and is never one of them."""

import msgspec

NOTE_SCHEMA = "note/1"
"""The first field of every line of notes, so that no reader takes one for a measurement."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One observation by one person. `time` is when it was seen, `written` when it was noted (RFC 3339, UTC).

    `endpoint` empty: the target as a whole.
    """

    schema: str = NOTE_SCHEMA
    id: str
    time: str
    written: str
    vantage: str
    target: str
    endpoint: str
    by: str
    text: str
