"""The one spelling of a measurement as bytes: a JSON object on one line. Knows no file; `store` does."""

import msgspec

from probe.model.measurement import Measurement

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Measurement)


def encode_line(measurement: Measurement) -> bytes:
    """One JSONL line, newline included. JSON escapes newlines, so a line is always one measurement."""
    return _encoder.encode(measurement) + b"\n"


def decode_line(line: bytes) -> Measurement:
    """The measurement of one line.

    Raises msgspec.DecodeError (ValidationError for a wrong shape), UnicodeDecodeError and RecursionError.
    """
    return _decoder.decode(line)
