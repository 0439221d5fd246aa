"""The transcript of one measurement as an HTML page. Pure."""

import hashlib

from probe.report.block.collect import shown
from probe.report.html import environment
from probe.report.html.page import ALONE, Place, software
from probe.report.html.told import written
from probe.report.language.catalogue import catalogue
from probe.report.transcript import transcript
from probe.store.lookup import Kept


def render(kept: Kept, zone: str, lang: str = "en", place: Place = ALONE) -> str:
    """The whole page of a record and its line, times in `zone`, in a language of `languages()`."""
    words = catalogue(lang)
    sha256 = hashlib.sha256(kept.line).hexdigest()
    told = transcript(kept.measurement, zone, lang=lang, where=f"{shown(kept.source)}:{kept.number}", sha256=sha256)
    return environment.render(
        "measurement.html.j2",
        told=told,
        name=kept.measurement.id,
        place=place,
        lang=lang,
        title=told.headline,
        say=words.say,
        written=written(lang),
        labels=words.under("label"),
        software=software(),
    )
