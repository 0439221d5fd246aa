"""The exhibits of a page: one measurement that failed and the last good one before it, each as a transcript. Pure."""

import hashlib
from collections.abc import Iterator

from probe.model.clock import parse_rfc3339
from probe.model.codec import decode_line
from probe.model.measurement import Measurement
from probe.report.block.collect import shown
from probe.report.block.draft import Draft
from probe.report.block.view import Exhibit
from probe.report.transcript import transcript
from probe.store.lookup import Kept


def exhibits(draft: Draft) -> Iterator[Exhibit]:
    """The exhibits that were found on disk, failed first."""
    for kind, name in zip(("failed", "good"), draft.chosen.exhibited, strict=True):
        kept = draft.dossier.kept.get(name)
        if kept is None:
            continue
        where, sha256 = f"{shown(kept.source)}:{kept.number}", hashlib.sha256(kept.line).hexdigest()
        yield Exhibit(
            kind=kind,
            title=draft.words.say(f"exhibit.{kind}"),
            id=name,
            when=draft.moment(parse_rfc3339(kept.measurement.time)),
            where=where,
            sha256=sha256,
            transcript=transcript(
                kept.measurement,
                draft.dates.zone,
                lang=draft.words.lang,
                where=where,
                sha256=sha256,
                recorded=_recorded(kept),
            ),
        )


def _recorded(kept: Kept) -> Measurement | None:
    """What the line itself says, where the measurement was judged anew since."""
    recorded = decode_line(kept.line)
    return None if recorded == kept.measurement else recorded
