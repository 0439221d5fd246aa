"""Where measurements came from: counted together, told apart once, bounded whatever lines say."""

from probe.report.block.origin import DISTINCT, From, Origin, Software, settle

SOFTWARE = Software("probe", "0.1.0", "3.11.7", "OpenSSL 3.0.15")


def said(number: int = 0, target: str = "clubhouse", rules: str = "2026.1", network: str = "") -> From:
    return From(target, f"e{number}", f"https://e{number}.example/", SOFTWARE, rules, "0" * 64, network)


def test_counts_add_and_empty_values_are_none() -> None:
    origins: dict[str, Origin] = {}
    settle({said(): 3, said(1): 2}, origins)
    settle({said(rules="2026.2"): 1}, origins)
    (one,) = origins.values()
    assert one.software == {"probe 0.1.0 (Python 3.11.7, OpenSSL 3.0.15)": 6}
    assert one.rules == {"2026.1": 5, "2026.2": 1}
    assert one.networks == {}
    assert one.inputs == {"e0": "https://e0.example/", "e1": "https://e1.example/"}


def test_what_a_stranger_varies_is_cut() -> None:
    origins: dict[str, Origin] = {}
    settle({said(number, network=f"network {number}"): 1 for number in range(1000)}, origins)
    (one,) = origins.values()
    assert list(one.networks) == [f"network {number}" for number in range(DISTINCT)]
    assert len(one.inputs) == DISTINCT * DISTINCT


def test_targets_are_told_apart() -> None:
    origins: dict[str, Origin] = {}
    settle({said(): 1, said(target="m.cmx.im"): 2}, origins)
    assert {name: sum(one.rules.values()) for name, one in origins.items()} == {"clubhouse": 1, "m.cmx.im": 2}
