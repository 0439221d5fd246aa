"""The words of a comparison: a sign and a word for each kind of change, a phrase for each standing. Pure, no layout.

Like all words of a report they say what was seen and where, never who did it.
"""

from typing import NamedTuple

from probe.model.diagnosis import ControlState, Fitness, Verdict
from probe.model.episode import EpisodeState
from probe.report import words
from probe.report.ladder import Rung, rung
from probe.timeline.diff import About, Change, Facts, Kind, Leaf, Shift
from probe.timeline.history import UNFIT
from probe.timeline.standing import Standing, State

ARROW = " → "
LONGEST = 60
"""Characters of a stranger's text that are shown; `--json` has all of it."""


class Word(NamedTuple):
    """How a kind of change is marked and called, and the colour of its line."""

    sign: str
    name: str
    colour: str


KINDS: dict[Kind, Word] = {
    Kind.BLOCKED: Word("+", "blocked", "red"),
    Kind.UNBLOCKED: Word("-", "recovered", "green"),
    Kind.METHOD: Word("~", "method", "yellow"),
    Kind.DOWN: Word("+", "down", "yellow"),
    Kind.UP: Word("-", "up again", "green"),
    Kind.RESTRICTED: Word("+", "restricted", "yellow"),
    Kind.UNRESTRICTED: Word("-", "unrestricted", "green"),
    Kind.INTERFERED: Word("+", "interfered", "red"),
    Kind.UNINTERFERED: Word("-", "untampered", "green"),
    Kind.FAILING: Word("+", "failing", "yellow"),
    Kind.WORKING: Word("-", "working", "green"),
    Kind.NEW: Word("*", "new", "bold"),
    Kind.GONE: Word("*", "gone", "bold"),
}

FIELDS: dict[str, str] = {
    "country": "country",
    "asn": "network",
    "network": "network name",
    "resolvers": "resolvers",
    "fitness": "fitness",
    "target_list": "target list",
    "software": "software",
    "ruleset": "rules",
}

FOOTER: dict[About, tuple[str, str]] = {
    About.TARGETS: ("same targets file", "another targets file"),
    About.SOFTWARE: ("same software", "other software"),
    About.RULES: ("", "other rules"),
}
"""What the last line says of what stood around: if it was the same (empty: goes without saying), and if not."""


UNREACHABLE = Word("+", "unreachable", "yellow")
"""A block of which nothing measured settles why (`report.ladder`)."""


def word(change: Change) -> Word:
    """How a change is marked and called."""
    unsettled = change.kind == Kind.BLOCKED and change.b is not None and _unsettled(change.b.state)
    return UNREACHABLE if unsettled else KINDS[change.kind]


def _unsettled(state: State) -> bool:
    """Whether it stands as blocked by the number of its failures, and by nothing that they show."""
    return state.standing == Standing.BLOCKED and rung_of_state(state) == Rung.UNREACHABLE


def rung_of_state(state: State) -> Rung:
    """How sure a block is; `none` where none stands."""
    return rung(EpisodeState.CONFIRMED, state.said.certainty) if state.standing == Standing.BLOCKED else Rung.NONE


def called(state: State) -> str:
    """The standing in a word."""
    return UNREACHABLE.name if _unsettled(state) else str(state.standing)


def how(state: State) -> str:
    """What a standing looked like: `forged DNS answer (confirmed)`; `open`."""
    said = state.said
    told = words.MECHANISMS.get(said.mechanism, said.mechanism) or "how is not settled"
    sure = f"{told} ({said.certainty})" if said.certainty else told
    match state.standing:
        case Standing.BLOCKED:
            return sure
        case Standing.INTERFERED:
            return f"reached, but tampered with on the path: {sure}"
        case Standing.RESTRICTED:
            return "the server itself turns this client away"
        case Standing.DOWN:
            return "the control failed as well" if said.control == ControlState.FAILED else "the server says so itself"
        case Standing.FAILED:
            return "failed, and nothing settles why"
        case _:
            return str(state.standing)


def was(state: State) -> str:
    """How it stood before: `(was open)`, `(was blocked: forged DNS answer, confirmed)`."""
    return f"(was {stood(state)})"


def stood(state: State) -> str:
    """The standing and what it looked like: `open`, `blocked: connection reset, likely`, `down`."""
    if state.standing not in (Standing.BLOCKED, Standing.INTERFERED) or _unsettled(state):
        return called(state)
    mechanism = words.MECHANISMS.get(state.said.mechanism, state.said.mechanism)
    looked = ", ".join(part for part in (mechanism, state.said.certainty) if part)
    return f"{state.standing}: {looked}" if looked else str(state.standing)


def told(change: Change, *, listed: bool | None) -> tuple[str, ...]:
    """The cells that say what happened. `listed`: whether both sides had the same target list."""
    if change.a is None or change.b is None:
        there = change.b or change.a
        assert there is not None  # noqa: S101  # a change is of an endpoint that is on one side at least
        why = "though the target list is the same: not measured in all runs" if listed else ""
        return (stood(there.state) if change.a is None else was(there.state), why)
    before, after = change.a.state, change.b.state
    if change.kind == Kind.METHOD:
        return (how(before) + ARROW + how(after),)
    return (how(after), was(before))


def why_not(facts: Facts) -> str:
    """Why one side of a pair proves nothing."""
    said, standing = facts.state.said, facts.state.standing
    if standing == Standing.SUSPECTED:
        return "suspected, not yet enough evidence to tell it from chance"
    if standing == Standing.FAILED:
        return "failed, too little to count as a change"
    if said.fitness in UNFIT:
        return words.FITNESS.get(said.fitness, said.fitness)
    if said.verdict in (Verdict.BLOCKED, Verdict.ANOMALY):
        return "failed, but no control or reference backs it"
    if said.fitness == Fitness.UNKNOWN:
        return words.FITNESS[Fitness.UNKNOWN]
    return "nothing was learnt" if said.verdict == Verdict.INSUFFICIENT else f"verdict {short(said.verdict)}"


def shifted(shift: Shift) -> str:
    """`AS4134 → AS9808`; hashes are shortened."""
    return ARROW.join(", ".join(_shown(shift.field, word) for word in side) for side in (shift.a, shift.b))


def _shown(field: str, word: str) -> str:
    if field == "target_list":
        return word[:12]
    return words.FITNESS.get(word, word) if field == "fitness" else short(word)


def certificates(a: frozenset[Leaf], b: frozenset[Leaf]) -> tuple[str, ...]:
    """What is another in the leaves of two sides: issuer, expiry, fingerprint, whether it is genuine."""
    before, after = min(a), min(b)
    cells = [f"issuer {short(before.issuer)}" + (ARROW + short(after.issuer) if after.issuer != before.issuer else "")]
    if before.not_after[:10] != after.not_after[:10]:
        cells.append(f"expires {before.not_after[:10]}{ARROW}{after.not_after[:10]}")
    if before.sha256 != after.sha256:
        cells.append(f"SHA-256 {before.sha256[:12]}{ARROW}{after.sha256[:12]}")
    wrong = [", ".join(sorted({str(p) for leaf in side for p in leaf.problems})) or "genuine" for side in (a, b)]
    cells.append(ARROW.join(dict.fromkeys(wrong)))
    more = max(len(a), len(b)) - 1
    return (*cells, f"{more} more beside it") if more else tuple(cells)


def addresses(known: frozenset[str]) -> str:
    """The first two, and how many more."""
    listed = sorted(known)
    return ", ".join(listed[:2]) + (f" +{len(listed) - 2}" if len(listed) > 2 else "")


def short(text: str) -> str:
    """A stranger's text, cut where it is long."""
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
