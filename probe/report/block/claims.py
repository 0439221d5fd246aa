"""Claims of others and notes of people, as rows of a page: beside what was measured, never mixed into it. Pure."""

from collections.abc import Iterator

from probe.model.claim import Comparison, Relation, Says
from probe.model.clock import parse_rfc3339
from probe.report.block.draft import Draft, place
from probe.report.block.view import ClaimRow, NoteRow
from probe.timeline.claims import UNMEASURED

_AGREES = {True: "yes", False: "no", None: "unknown"}


def concerning(draft: Draft) -> list[Comparison]:
    """The comparisons of the page's own series in which something can be said."""
    here = {one.key for one in draft.chosen.series}
    return [one for one in draft.view.joined.compared if one.series in here and one.because != UNMEASURED]


def claims(draft: Draft) -> Iterator[ClaimRow]:
    """One row a comparison."""
    for one in concerning(draft):
        claim = one.claim
        yield ClaimRow(
            by=claim.by,
            says=draft.words.say(f"says.{claim.says}"),
            about=f"{claim.target}/{claim.endpoint}" if claim.endpoint else claim.target,
            place=place(one.series),
            when=draft.stretch(claim.when.first, claim.when.last),
            relation=_relation(draft, one),
            agrees=one.agrees,
            agrees_name=draft.words.say(f"agrees.{_AGREES[one.agrees]}"),
            link=claim.link,
            evidence=claim.evidence,
        )


def _relation(draft: Draft, one: Comparison) -> str:
    """Where the claimed time lies to the OBSERVED interval; without one, what speaks for or against the claim."""
    if one.observed is None:
        return draft.words.say(f"claim.none_{_AGREES[one.agrees]}")
    which = draft.words.say("claim.end" if one.claim.says is Says.ENDED else "claim.onset")
    off = draft.dates.duration(one.observed_by)
    where = draft.words.say(f"claim.{one.observed_relation}", off=off, which=which, when=draft.span(one.observed).text)
    inside = one.relation is Relation.INSIDE and one.observed_relation is not Relation.INSIDE
    return where + (draft.words.say("claim.within_certain") if inside else "")


def notes(draft: Draft) -> Iterator[NoteRow]:
    """One row a note on the page's targets, written at its vantage points."""
    targets = {one.key.target for one in draft.chosen.series}
    for one in draft.view.joined.notes:
        if one.target in targets:
            about = f"{one.target}/{one.endpoint}" if one.endpoint else one.target
            yield NoteRow(one.by, about, one.vantage, draft.moment(parse_rfc3339(one.time)), one.text)
