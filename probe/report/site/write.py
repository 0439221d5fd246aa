"""A whole site from results: reads what its pages cite, makes them, puts them in a folder. The one IO of this room."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from probe.diagnose.rejudge import Judge
from probe.report.block.collect import collect
from probe.report.site import disk, feed
from probe.report.site.disk import Written
from probe.report.site.pages import names_of, pages, site_of
from probe.report.view import View
from probe.store.layout import Source


def write(
    view: View,
    sources: Iterable[Source],
    folder: Path,
    *,
    lang: str = "en",
    names: Mapping[str, str] | None = None,
    judge: Judge | None = None,
    home: str = "",
) -> Written:
    """Make `folder` the site of this view. `sources` are what the view was read from; `names` display names by target;
    `judge` judged the view anew, if anything did; `home` is the address at which the folder will be read, ending in a
    slash: links that leave it (the feed's) begin with it.

    Raises SiteError with a message for people if the folder holds what is not ours, or cannot be written.
    """
    site = site_of(view, lang, names)
    identity = disk.manifest_of(folder).feed or feed.feed_id(_first(view))
    dossier = collect(sources, view, site.wanted, judge)
    return disk.put(folder, names_of(site, dossier), pages(site, dossier, identity, home), identity)


def _first(view: View) -> str:
    """What tells this site from others when it is first built."""
    vantages = ",".join(f"{one.key.name}/{one.key.country}/{one.key.asn}" for one in view.vantages)
    targets = ",".join(sorted({one.key.target for one in view.series}))
    return f"{vantages};{targets};{view.first}"
