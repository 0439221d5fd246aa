"""The transcript of one measurement as an HTML page. Pure; in English, the language of the records."""

import hashlib

from probe.report.block.collect import shown
from probe.report.html import environment
from probe.report.html.page import ALONE, Place, software
from probe.report.language.catalogue import catalogue
from probe.report.transcript import transcript
from probe.store.lookup import Kept


def render(kept: Kept, zone: str, lang: str = "en", place: Place = ALONE) -> str:
    """The whole page of a record and its line, times in `zone`; `lang` is that of the words around the transcript."""
    words = catalogue(lang)
    sha256 = hashlib.sha256(kept.line).hexdigest()
    told = transcript(kept.measurement, zone, where=f"{shown(kept.source)}:{kept.number}", sha256=sha256)
    return environment.render(
        "measurement.html.j2",
        told=told,
        name=kept.measurement.id,
        place=place,
        lang=lang,
        title=told.headline,
        say=words.say,
        labels=words.under("label"),
        software=software(),
    )
