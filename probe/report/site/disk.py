"""A site's files in their folder: written whole or not at all, and removed only if we wrote them. Knows no page.

A manifest in the folder lists every file of ours with its SHA-256. It is widened before the first page is written and
narrowed after the last, so that a build that was cut short leaves nothing that the next one would not know as ours.
Pages are taken one by one: a site is never in memory as a whole.
"""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

MANIFEST = ".probe-site.json"
_OURS = re.compile(r"(?:index\.html|feed\.xml|(?:target|event|measurement|list)/[a-z0-9][a-z0-9.-]*\.html)\Z")
"""The only names that a site has. A manifest that names anything else is not believed."""


class SiteError(Exception):
    """The folder cannot hold the site; the message says why and what to do."""


class Manifest(msgspec.Struct, frozen=True):
    """What a folder holds of ours. `feed`: the feed's own id, kept from build to build; `files`: SHA-256 by name, empty
    for what a build was about to write."""

    feed: str = ""
    files: dict[str, str] = {}


class Written(NamedTuple):
    """`pages` were written, `removed` old ones taken away; `kept` are old ones that someone changed since."""

    pages: int
    removed: int
    kept: tuple[str, ...]


def manifest_of(folder: Path) -> Manifest:
    """The manifest of a folder; an empty one if there is none. Raises SiteError if it is not one of ours, or the
    folder is none."""
    if folder.exists() and not folder.is_dir():
        raise SiteError(f"{folder} is no folder; name one that is empty, or the folder of an earlier site")
    try:
        found = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except FileNotFoundError:
        return Manifest()
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SiteError(f"{folder / MANIFEST} cannot be read as the list of a site's files: {error}") from error
    return Manifest(found.feed, {name: digest for name, digest in found.files.items() if _OURS.match(name)})


def check(folder: Path) -> None:
    """Raise SiteError if the folder cannot hold a site: for telling so before the results are read."""
    _refuse_strangers(folder, ("index.html", "feed.xml"), manifest_of(folder))


def put(folder: Path, names: Collection[str], pages: Iterable[tuple[str, str]], feed: str) -> Written:
    """Make the folder hold these pages and no older ones. `names` are all their names, relative to the folder.

    Raises SiteError; no file that is not ours is ever touched.
    """
    old = manifest_of(folder)
    _refuse_strangers(folder, names, old)
    digests: dict[str, str] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _save(folder, Manifest(feed, {**old.files, **dict.fromkeys(names, "")}))
        for name, text in pages:
            data = text.encode()
            _replace(folder / name, data)
            digests[name] = hashlib.sha256(data).hexdigest()
        removed, kept = _clear(folder, {name: old.files[name] for name in old.files.keys() - digests.keys()})
        _save(folder, Manifest(feed, digests))
    except OSError as error:
        raise SiteError(f"{error.filename or folder}: {error.strerror or error}") from error
    return Written(len(digests), removed, kept)


def _refuse_strangers(folder: Path, names: Collection[str], old: Manifest) -> None:
    strangers = [name for name in names if name not in old.files and os.path.lexists(folder / name)]
    if strangers:
        raise SiteError(
            f"{folder / min(strangers)} was not written by probe and would be overwritten;"
            " name an empty folder, or the folder of an earlier site"
        )


def _save(folder: Path, manifest: Manifest) -> None:
    _replace(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def _replace(file: Path, data: bytes) -> None:
    """The file as a whole: whoever looks meanwhile sees the old one or the new one."""
    file.parent.mkdir(exist_ok=True)
    beside = file.with_name(f".{file.name}.part")
    try:
        beside.write_bytes(data)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)


def _clear(folder: Path, stale: Mapping[str, str]) -> tuple[int, tuple[str, ...]]:
    """Remove files of earlier builds that are as we wrote them; empty folders go with them."""
    removed, kept = 0, []
    for name in sorted(stale):
        file = folder / name
        if not os.path.lexists(file):
            continue
        if file.is_symlink() or stale[name] not in ("", hashlib.sha256(file.read_bytes()).hexdigest()):
            kept.append(name)
            continue
        file.unlink()
        removed += 1
    for inner in {(folder / name).parent for name in stale} - {folder}:
        if inner.is_dir() and not any(inner.iterdir()):
            inner.rmdir()
    return removed, tuple(kept)
