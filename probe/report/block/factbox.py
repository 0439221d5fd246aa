"""The fact box and the counts of a page. Pure; every number here is one that tables and figures hold as well."""

from collections import Counter
from collections.abc import Iterator, Sequence

from probe.report.block.choose import principal
from probe.report.block.draft import NAMED, Draft, network, place
from probe.report.block.origin import Origin
from probe.report.block.view import Fact, Numbers, Rung

HASH_SHOWN = 64


def numbers(draft: Draft) -> Numbers:
    """The counts over all series of the page."""
    series = draft.chosen.series
    reached, failed, void = (sum(getattr(one, name) for one in series) for name in ("good", "bad", "void"))
    return Numbers(
        measurements=reached + failed + void,
        reached=reached,
        failed=failed,
        void=void,
        endpoints=len({(one.key.target, one.key.endpoint) for one in series}),
        networks=len({network(one.key.asn, one.key.vantage) for one in series}),
        vantages=len({one.key.vantage for one in series}),
        runs=sum(one.runs for one in draft.vantages),
    )


def facts(draft: Draft, counts: Numbers, rung: Rung) -> Iterator[Fact]:
    """The lines of the box that hold something, in reading order."""
    series, words = draft.chosen.series, draft.words
    first, last = min(one.first for one in series), max(one.last for one in series)
    countries = sorted({one.key.country for one in series} - {"ZZ"})
    rows = (
        ("targets", words.listed(sorted({one.key.target for one in series}), NAMED * NAMED)),
        ("country", words.texts["list.between"].join(countries)),
        ("networks", words.listed(sorted({network(one.key.asn, one.key.vantage) for one in series}), NAMED * NAMED)),
        ("vantages", words.listed(sorted({place(one.key) for one in series}), NAMED * NAMED)),
        ("period", draft.dates.stretch(first, last).text),
        ("measurements", _measured(draft, counts)),
        ("schedule", _schedule(draft)),
        ("status", _status(draft, rung)),
        ("method", _method(draft)),
        *_origin(draft),
    )
    yield from (Fact(key, words.say(f"fact.{key}"), value) for key, value in rows if value)


def _measured(draft: Draft, counts: Numbers) -> str:
    return draft.words.say("fact_value.measurements", **counts._asdict())


def _schedule(draft: Draft) -> str:
    usual = sorted({round(one.schedule) for one in draft.chosen.series if one.schedule})
    told = [draft.dates.duration(seconds) for seconds in usual]
    if len(told) > NAMED:
        told = [told[0], told[-1]]
        return draft.words.say("fact_value.from_to", first=told[0], last=told[1])
    return draft.words.listed(list(dict.fromkeys(told)))


def _status(draft: Draft, rung: Rung) -> str:
    """The rung, and whether it still holds."""
    standing = sum(one.current is not None for one in draft.chosen.series)
    ended = any(one.episodes for one in draft.chosen.series)
    name = draft.words.say(f"rung.{rung}")
    if standing:
        return draft.words.counted("fact_value.standing", standing, rung=name)
    return draft.words.say("fact_value.ended", rung=name) if ended else name


def _method(draft: Draft) -> str:
    found = [episode for one in draft.chosen.series if (episode := principal(one)) is not None]
    return draft.how(found) if found else ""


def _origin(draft: Draft) -> Iterator[tuple[str, str]]:
    """What measured, by which rules and which list of targets; more than one of each is said."""
    origins = [one for target, one in draft.dossier.origins.items() if target in _targets(draft)]
    yield "software", _values(draft, [one.software for one in origins])
    yield "rules", _values(draft, [one.rules for one in origins])
    yield "target_list", _values(draft, [one.lists for one in origins])
    yield "addresses", _inputs(draft, origins)


def _targets(draft: Draft) -> set[str]:
    return {one.key.target for one in draft.chosen.series}


def _values(draft: Draft, counters: Sequence[Counter[str]]) -> str:
    total: Counter[str] = sum(counters, Counter())
    if len(total) == 1:
        return next(iter(total))
    gap = draft.words.texts["text.clause_gap"]
    return gap.join(draft.words.say("fact_value.times", value=value, count=total[value]) for value in sorted(total))


def _inputs(draft: Draft, origins: Sequence[Origin]) -> str:
    """The URLs, where they are few enough to name."""
    urls = sorted({url for one in origins for url in one.inputs.values()})
    return draft.words.texts["list.between"].join(urls) if len(urls) <= NAMED * NAMED else ""
