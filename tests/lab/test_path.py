"""What the path remembers: numbers of flows, residual blocks for an address and port; and what loopback cannot do."""

import pytest

from probe.lab.path import SUPPORTED, Path
from probe.lab.rule import (
    Alert,
    Delay,
    Drop,
    Effect,
    ForgeDNS,
    Inject,
    Lose,
    Match,
    Reset,
    Rule,
    Seen,
    Stage,
    Throttle,
    Unreachable,
)
from probe.lab.world import Answer

HELLO = Seen(Stage.TLS, "104.16.1.1", 443, "site.test")


def rule(stage: Stage, effect: Effect, *names: str, residual: float = 0.0) -> Rule:
    return Rule(id="r", match=Match(stage=stage, names=names), effect=effect, residual=residual)


def test_flows_are_numbered_by_place() -> None:
    path = Path()
    numbers = [path.number("104.16.1.1", port, "tcp") for port in (443, 443, 80, 443)]
    assert numbers == [0, 1, 0, 2]
    path.apply([])
    assert path.number("104.16.1.1", 443, "tcp") == 0


def test_first_ending_wins_and_all_shaping_is_met() -> None:
    path = Path(rule(Stage.TLS, effect) for effect in (Throttle(bytes_per_second=9), Reset(), Drop(), Delay(seconds=1)))
    met = path.meet(HELLO)
    assert met.ending == Reset()
    assert met.shaping == (Throttle(bytes_per_second=9), Delay(seconds=1))


def test_residual_drop_meets_the_next_syn_to_the_same_place_only_and_new_rules_forget_it() -> None:
    path = Path([rule(Stage.TLS, Drop(), "site.test", residual=90)])
    assert path.at_syn("104.16.1.1", 443) is None
    path.meet(HELLO)
    assert path.at_syn("104.16.1.1", 443) == Drop()
    assert path.at_syn("104.16.1.1", 80) is None
    assert path.at_syn("104.16.1.2", 443) is None
    path.apply([])
    assert path.at_syn("104.16.1.1", 443) is None


def test_residual_reset_meets_the_next_payload_whatever_it_is() -> None:
    path = Path([rule(Stage.TLS, Reset(), "site.test", residual=90)])
    payload = HELLO._replace(stage=Stage.DATA, name=None)
    assert path.meet(payload).ending is None
    path.meet(HELLO)
    assert path.meet(payload).ending == Reset()
    assert path.at_syn("104.16.1.1", 443) is None


def test_two_paths_share_rules_but_no_memory() -> None:
    shared = [rule(Stage.TLS, Drop(), residual=90)]
    one, other = Path(shared), Path(shared)
    one.meet(HELLO)
    assert one.residual("104.16.1.1", 443) == Drop()
    assert other.residual("104.16.1.1", 443) is None


@pytest.mark.parametrize(
    ("stage", "effect"),
    [
        (Stage.TCP, Unreachable()),
        (Stage.TCP, Lose(probability=0.05)),
        (Stage.HTTP, Alert()),
        (Stage.TLS, ForgeDNS(answers=(Answer(),))),
        (Stage.BODY, Inject(payload=b"")),
    ],
)
def test_rules_that_need_packets_are_refused_by_name(stage: Stage, effect: Effect) -> None:
    with pytest.raises(ValueError, match=f"rule 'r': loopback has no {type(effect).__name__} at stage {stage}"):
        Path([rule(stage, effect)])


def test_every_stage_has_its_row() -> None:
    assert set(SUPPORTED) == set(Stage)
