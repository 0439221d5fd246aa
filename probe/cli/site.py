"""`probe report --site DIR`: the report as a folder of pages. Names the mistakes, says where the pages are.

Making the pages is `report.site`'s work, reading the results `reading`'s.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from probe.cli.console import clean, fail, stderr, write

if TYPE_CHECKING:
    from probe.diagnose.rejudge import Judge
    from probe.report.view import View
    from probe.store.layout import Source


def site_or_fail(folder: Path, lang: str, url: str | None, others: Mapping[str, object]) -> str:
    """The address of the site, ending in a slash, or empty; or what is wrong with the options, before anything is read.
    `others` are options that a site does not have, by name, and what was given for them."""
    from probe.cli.page import unspoken
    from probe.report.site.disk import SiteError, check

    given = [name for name, value in others.items() if value]
    mistakes = [f"--site makes every page in every part; it goes without {' and '.join(given)}"] if given else []
    mistakes += unspoken(lang)
    home = _home(url) if url else ""
    if home is None:
        mistakes.append(
            f"--site-url {clean(url or '')!r} is no address of a site; write one like https://example.org/blocks/"
        )
    if mistakes:
        fail(mistakes)
    try:
        check(folder)
    except SiteError as error:
        fail(clean(f"--site {error}"))
    return home or ""


def _home(url: str) -> str | None:
    """The address of a folder on the web, ending in a slash; None if it is none that links can begin with."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    odd = parts.query or parts.fragment or parts.username is not None or port == 0
    plain = url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')
    if parts.scheme not in ("http", "https") or not parts.hostname or odd or not plain:
        return None
    return url.rstrip("/") + "/"


def make(
    view: "View", sources: "tuple[Source, ...]", folder: Path, lang: str, judge: "Judge | None", home: str = ""
) -> None:
    """Write the site; its first page on stdout, what was done on stderr."""
    from probe.cli.page import names
    from probe.report.site.disk import SiteError
    from probe.report.site.write import write as write_site

    try:
        done = write_site(view, sources, folder, lang=lang, names=names(), judge=judge, home=home)
    except SiteError as error:
        fail(clean(f"--site {error}"))
    said = f"{done.pages} files" + (f", {done.removed} of an earlier site removed" if done.removed else "")
    stderr().print(said, markup=False)
    for name in done.kept:
        stderr().print(f"{clean(str(folder / name))} was changed since probe wrote it, and was left", markup=False)
    write(f"{clean(str(folder / 'index.html'))}\n")
