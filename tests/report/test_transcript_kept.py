"""Transcripts of the recorded demo are, to the character, those that were read and kept, in each language.

After a change that is meant: `python -m tests.report.test_transcript_kept`, and read the diff.
"""

import gzip
from pathlib import Path

import pytest

from probe.cli.console import clean
from probe.model.codec import decode_line
from probe.report.language.catalogue import languages
from probe.report.paper import Page, columns
from probe.report.transcript import transcript
from probe.report.transcript_text import render

KEPT = Path(__file__).parent / "transcripts"
RECORDED = Path(__file__).parent / "golden" / "demo.jsonl.gz"
SHOWN = {"forged-dns": ("clubhouse/api", "blocked"), "reset": ("lantern.example/web", "blocked"),
         "outage": ("harbour.example/api", "down"), "well": ("clubhouse/web", "ok")}  # fmt: skip
"""Name: the first measurement of this endpoint with this verdict."""


def made(name: str, lang: str) -> str:
    """A transcript, made now."""
    label, verdict = SHOWN[name]
    lines = gzip.decompress(RECORDED.read_bytes()).splitlines()
    found = next(m for m in map(decode_line, lines) if f"{m.target}/{m.endpoint}" == label and m.verdict == verdict)
    told = transcript(found, "Asia/Shanghai", lang=lang, where="demo.jsonl:1", sha256="0" * 64)
    return render(told, Page(80, clean))


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("name", SHOWN)
def test_a_transcript_is_the_one_that_was_read(name: str, lang: str) -> None:
    assert made(name, lang) == (KEPT / f"{name}.{lang}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("lang", languages())
@pytest.mark.parametrize("name", SHOWN)
def test_it_fits_eighty_columns_but_for_an_address_that_is_longer(name: str, lang: str) -> None:
    wide = [line for line in made(name, lang).splitlines() if columns(line) > 80]
    assert [line for line in wide if not line.endswith("/api/check_for_update?is_testflight=0")] == []


if __name__ == "__main__":
    for name in SHOWN:
        for lang in languages():
            (KEPT / f"{name}.{lang}.txt").write_text(made(name, lang), encoding="utf-8")
