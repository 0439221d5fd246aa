"""A line and its verdict: the one way from what was seen to what is written, for a fresh line and for an old one.

`probe run` judges each new line here, and `--rejudge` each stored one, so that the two cannot drift apart. What was
seen stays as it is; the vantage's fitness does too, because it was found from references that are other lines. A list's
own fingerprints (`marks`) are no part of a line: a verdict that rested on them needs them given again.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from probe.diagnose.compare import control_state
from probe.diagnose.engine import judge
from probe.diagnose.facts import OURS, Case, gather
from probe.diagnose.fingerprints import Fingerprint
from probe.model.clock import parse_rfc3339
from probe.model.diagnosis import Diagnosis, Verdict
from probe.model.failure import FailureKind
from probe.model.measurement import ControlRecord, Measurement
from probe.model.observation import DNSLookup, Observation

UNJUDGED = Diagnosis(verdict=Verdict.INSUFFICIENT, ruleset_version="")
"""The diagnosis of a line that is still to be judged: nothing is concluded, by no rules."""


def case_of(measurement: Measurement, marks: tuple[Fingerprint, ...] = ()) -> Case:
    """What a line holds to be judged: everything but its verdict."""
    return Case(
        measurement.input,
        measurement.observations,
        measurement.fitness,
        measurement.fitness_evidence,
        measurement.control_records,
        marks,
        measurement.vantage,
        measurement.country,
    )


Judge = Callable[[Measurement], Measurement]
"""What judges a measurement anew: `rejudge`, perhaps with fingerprints of the user's own."""


Records = Callable[[str, float], tuple[ControlRecord, ...]]
"""What other vantages saw of an endpoint, by `target/endpoint`, about a time in epoch seconds."""


def rejudge(
    measurement: Measurement, marks: tuple[Fingerprint, ...] = (), records: Records | None = None
) -> Measurement:
    """The same measurement with the diagnosis of today's rules, and the flat columns that repeat it.

    `failure` is what was seen and stays; it is looked for where the line has none. An endpoint that is `ok` has none.
    With `records` other vantages' lines of now take the place of those that were at hand when it was measured: what
    they saw after our failure, which alone tells it from an outage, was not written yet.
    """
    if records is not None:
        found = records(f"{measurement.target}/{measurement.endpoint}", parse_rfc3339(measurement.time))
        measurement = msgspec.structs.replace(measurement, control_records=found or measurement.control_records)
    facts = gather(case_of(measurement, marks))
    judged = judge(facts)
    failure = measurement.failure or ended_by(measurement.observations)
    return msgspec.structs.replace(
        measurement,
        verdict=judged.verdict,
        certainty=judged.certainty,
        layer=judged.layer,
        mechanism=judged.mechanism,
        failure=None if judged.verdict is Verdict.OK else failure,
        control=control_state(facts),
        diagnosis=judged,
    )


def ended_by(observations: Sequence[Observation]) -> FailureKind | None:
    """What ended the last try: the failure of its last flow, or of its own lookups where they gave no address."""
    ours = [o for o in observations if o.purpose in OURS]
    last = max((o.attempt for o in ours), default=0)
    tried = [o for o in ours if o.attempt == last]
    hop = max((o.hop for o in tried), default=0)
    ends: Mapping[int, FailureKind | None] = {
        o.transaction_id: None if o.failure is None else o.failure.kind for o in tried if o.hop == hop
    }
    dns = {o.transaction_id for o in tried if o.hop == hop and isinstance(o, DNSLookup)}
    flows = [kind for transaction, kind in ends.items() if transaction not in dns]
    if flows:
        return None if None in flows else flows[0]
    own = {o.transaction_id for o in tried if isinstance(o, DNSLookup) and o.resolver.own}
    lookups = [kind for transaction, kind in ends.items() if transaction in dns & own]
    return None if None in lookups else next(iter(lookups), None)
