"""What a page was made from, so that anyone with the files can check it: names, SHA-256, and the commands. Pure.

`digest` stands for all files at once: the SHA-256 of the lines that `sha256sum` prints for them, sorted as bytes.
"""

import hashlib
import shlex
from collections.abc import Sequence

from probe.report.block.collect import Hashed
from probe.report.block.draft import Draft
from probe.report.block.view import File, Integrity

LISTED = 12


def integrity(draft: Draft) -> Integrity:
    """The footer of the page."""
    targets = {one.key.target for one in draft.chosen.series}
    cited = {draft.dossier.places[name] for name in _cited(draft) if name in draft.dossier.places}
    used = [one for one in draft.dossier.files if any(one.measurements[target] for target in targets)]
    files = tuple(_file(one, targets, cited) for one in used if one.sha256)
    listed = sorted(files, key=lambda one: (not one.cited, one.name))[:LISTED]
    digest = _digest(files)
    key = "integrity.all" if len(listed) == len(files) else "integrity.some"
    return Integrity(
        title=draft.words.say("integrity.title"),
        text=draft.words.counted(key, len(files), listed=len(listed)) if files else draft.words.say("integrity.none"),
        files=files,
        listed=tuple(listed),
        digest=digest,
        digest_text=draft.words.say("integrity.digest", digest=digest) if files else "",
        commands=tuple(_commands(listed)),
        unhashed=tuple(one.name for one in used if not one.sha256),
    )


def _cited(draft: Draft) -> list[str]:
    """The ids of the exhibits and of all witnesses."""
    witnesses = [name for one in draft.chosen.series for episode in one.episodes for name in episode.witnesses]
    return [*draft.chosen.exhibited, *witnesses]


def _file(one: Hashed, targets: set[str], cited: set[str]) -> File:
    measured = sum(one.measurements[target] for target in targets)
    return File(one.name, one.sha256, one.size, measured, one.name in cited)


def _digest(files: Sequence[File]) -> str:
    """As `sha256sum FILES | LC_ALL=C sort | sha256sum` gives it."""
    lines = sorted(f"{one.sha256}  {one.name}\n".encode("utf-8", "surrogateescape") for one in files)
    return hashlib.sha256(b"".join(lines)).hexdigest() if files else ""


def _commands(listed: Sequence[File]) -> list[str]:
    """How to check a file's bytes, and the whole chain of sealed runs."""
    if not listed:
        return []
    return [f"sha256sum {shlex.quote(listed[0].name)}", "probe verify"]
