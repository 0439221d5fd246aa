"""Stripes and shares written by hand: 8 February 2021 from two networks, with a gap, an unfit stretch, two claims."""

from collections.abc import Iterator

from probe.model.clock import parse_rfc3339
from probe.report.block.view import (
    Bracket,
    Flag,
    Legend,
    Outcome,
    Share,
    ShareRow,
    Shares,
    Span,
    Stripe,
    Stripes,
    Tick,
)

START = parse_rfc3339("2021-02-08T09:00:00Z")
STEP = 600.0
RUNS = 72
BEIJING = "Asia/Shanghai"


def at(run: float) -> float:
    """The epoch seconds of a run, counted from 0."""
    return START + run * STEP


def span(first: float | None, last: float) -> Span:
    """A stretch from one run to another."""
    return Span(None if first is None else at(first), at(last), f"{first} to {last}", "", f"{first} to {last}")


def tick(run: int, outcome: Outcome) -> Tick:
    """One run."""
    failed = int(outcome is Outcome.FAILED)
    reached = int(outcome in (Outcome.REACHED, Outcome.TAMPERED, Outcome.RESTRICTED))
    return Tick(at(run), at(run), outcome, 1, failed, reached, "dns_injection" if failed else "", f"m-{run}")


def stripe(label: str, place: str, outcomes: dict[int, Outcome], **more: tuple[object, ...]) -> Stripe:
    """A row of `RUNS` runs: reached unless `outcomes` says otherwise, nothing measured where a gap is."""
    gaps = more.get("gaps", ())
    ticks = tuple(tick(run, outcomes.get(run, Outcome.REACHED)) for run in range(RUNS) if not _missing(run, gaps))
    fields = {"onsets": (), "ends": (), "gaps": (), "unfit": ()} | more
    return Stripe(label, place, "api", "blocked", "blocked", 1, ticks, summary="", **fields)  # type: ignore[arg-type]


def _missing(run: int, gaps: tuple[object, ...]) -> bool:
    return any(isinstance(gap, Span) and (gap.earliest or 0.0) < at(run) < gap.latest for gap in gaps)


def _rows() -> Iterator[Stripe]:
    failing = dict.fromkeys(range(12, RUNS), Outcome.FAILED)
    offline = dict.fromkeys(range(42, 48), Outcome.UNFIT)
    onset = Bracket(span(11, 12), span(9, 13), confirmed=True)
    yield stripe("api", "sha-ct CN AS4134", failing | offline, onsets=(onset,), unfit=(span(42, 47),))
    yield stripe("api", "pek-cu CN AS4837", dict.fromkeys(range(RUNS), Outcome.FAILED),
                 onsets=(Bracket(span(None, 0), None, confirmed=True),), gaps=(span(20, 29),))  # fmt: skip
    yield stripe("web", "sha-ct CN AS4134", offline | {5: Outcome.TAMPERED, 6: Outcome.RESTRICTED, 60: Outcome.DOWN})
    middle = dict.fromkeys(range(20, 50), Outcome.FAILED)
    yield stripe("media.with.a.very.long.name.example/endpoint", "sha-ct CN AS4134", middle,
                 onsets=(Bracket(span(19, 20), None, confirmed=True),),
                 ends=(Bracket(span(49, 50), span(48, 52), confirmed=True),))  # fmt: skip


def stripes(zone: str = BEIJING) -> Stripes:
    """Figure A of the sample."""
    flags = (
        Flag(span(12, 12), "GreatFire", "the block began", agrees=True),
        Flag(span(14.9, 15.1), "Reuters", "the block began", agrees=False),
        Flag(span(30, 40), "users", "was blocked", agrees=None),
    )
    names = tuple(Legend(one, str(one)) for one in Outcome)
    return Stripes("What each run saw", "Everything in words.", at(0), at(RUNS - 1), zone, "Beijing", 0.0,
                   tuple(_rows()), flags, names, names, "")  # fmt: skip


def shares(vantages: int = 4) -> Shares:
    """The small multiples of the sample: the first vantage point learnt nothing for a while."""
    rows = tuple(
        ShareRow(f"vantage-{one} CN AS{4134 + one}", 4134 + one, tuple(_share(one, cell) for cell in range(24)))
        for one in range(vantages)
    )
    return Shares("Share that failed", "In words.", at(0), at(RUNS), rows)


def _share(vantage: int, cell: int) -> Share:
    telling = 0 if vantage == 0 and cell > 18 else 3
    return Share(at(3 * cell), at(3 * cell + 3), min(max(cell - 4 * vantage, 0), telling), telling)
