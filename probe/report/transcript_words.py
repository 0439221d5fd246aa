"""The words of a transcript: verdicts and purposes as plain sentences. Tables only; nothing is attributed."""

from probe.model.diagnosis import Verdict
from probe.model.observation import Purpose

VERDICTS: dict[Verdict, str] = {
    Verdict.OK: "ok, reached as itself",
    Verdict.BLOCKED: "blocked",
    Verdict.INTERFERED: "interfered with, yet reached",
    Verdict.DOWN: "down, not blocked",
    Verdict.RESTRICTED: "up, and its server does not serve this place as it serves others",
    Verdict.ANOMALY: "failed, and the evidence does not settle why",
    Verdict.INSUFFICIENT: "nothing can be concluded",
}

PURPOSES: dict[Purpose, str] = {
    Purpose.MAIN: "",
    Purpose.RETRY: "",
    Purpose.CONTROL: "the same errand elsewhere, for comparison",
    Purpose.CONTROL_ADDRESS: "the addresses we were given, tried from elsewhere",
    Purpose.CONTROL_SNI: "an innocent name in the ClientHello",
    Purpose.NO_SNI: "no name in the ClientHello",
    Purpose.SNI_ELSEWHERE: "this name at an innocent address",
    Purpose.TRUE_ADDRESS: "an address that only independent resolvers or late replies gave",
    Purpose.CANARY: "a question to an address where no resolver is: nothing should answer",
    Purpose.RESOLVER_HEALTH: "does the resolver answer at all?",
    Purpose.SECOND_TRY: "an address that failed while others did not, once more",
    Purpose.SPEED: "how fast bytes come",
    Purpose.CONTROL_SPEED: "the same bytes under an innocent name",
    Purpose.SPLIT_HELLO: "the ClientHello in two segments",
    Purpose.QUIC: "the same over QUIC",
    Purpose.CONTROL_QUIC: "QUIC elsewhere, for comparison",
}
"""Why an experiment was made; empty for what a user would have met."""
