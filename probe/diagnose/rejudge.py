"""An old line under today's rules. Knows which columns of a measurement are judged and which are seen.

What was seen stays as it is; the vantage's fitness does too, because it was found from references that are other lines.
A list's own fingerprints (`marks`) are no part of a line: a verdict that rested on them needs them given again.
"""

import msgspec

from probe.diagnose.compare import control_state
from probe.diagnose.engine import judge
from probe.diagnose.facts import Case, gather
from probe.diagnose.fingerprints import Fingerprint
from probe.model.diagnosis import Verdict
from probe.model.measurement import Measurement


def case_of(measurement: Measurement, marks: tuple[Fingerprint, ...] = ()) -> Case:
    """What a line holds to be judged: everything but its verdict."""
    return Case(
        measurement.input,
        measurement.observations,
        measurement.fitness,
        measurement.fitness_evidence,
        measurement.control_records,
        marks,
    )


def rejudge(measurement: Measurement, marks: tuple[Fingerprint, ...] = ()) -> Measurement:
    """The same measurement with the diagnosis of today's rules, and the flat columns that repeat it.

    `failure` is what was seen and stays; only an endpoint that is `ok` has none, as when it is measured.
    """
    facts = gather(case_of(measurement, marks))
    judged = judge(facts)
    return msgspec.structs.replace(
        measurement,
        verdict=judged.verdict,
        certainty=judged.certainty,
        layer=judged.layer,
        mechanism=judged.mechanism,
        failure=None if judged.verdict is Verdict.OK else measurement.failure,
        control=control_state(facts),
        diagnosis=judged,
    )
