"""The packet lab end to end: real kernels on both sides, the standard library's sockets as the client.

Each test makes a lab of its own (some tens of milliseconds); the client's deadlines bound the silent cases.
"""

import os
import shutil
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from probe.lab.packet import topology
from probe.lab.packet.censor import CENSOR_TTL
from probe.lab.packet.topology import LabError, PacketLab
from probe.lab.rule import (
    Alert,
    Blockpage,
    Close,
    Cut,
    Drop,
    ForgeDNS,
    Inject,
    Intercept,
    Lose,
    Match,
    Phase,
    Reroute,
    Reset,
    Rule,
    Stage,
    Throttle,
    Unreachable,
)
from probe.lab.world import Answer, Response
from tests.lab.packet import small

POSSIBLE, REASON = topology.available()
pytestmark = pytest.mark.skipif(not POSSIBLE, reason=f"no packet lab here: {REASON}")
T = TypeVar("T")
SNI = Match(stage=Stage.TLS, names=(small.NAME,))
HOST = Match(stage=Stage.HTTP, names=(small.NAME,))
QNAME = Match(stage=Stage.DNS, names=(small.NAME,))
FORGED = Answer(addresses=(small.IMPOSTOR,))
HANDSHAKE = b"\x16"


def behind(*rules: Rule, client: Callable[[], T]) -> T:
    """What a client meets behind these rules, all of which must have fired."""
    with PacketLab(small.world(), rules) as lab:
        answer = lab.call(client)
        assert set(lab.fired()) == {rule.id for rule in rules}
    return answer


def test_an_open_path_serves_names_pages_and_both_families() -> None:
    def client() -> tuple[str, str, str | bytes, list[int]]:
        return (
            small.handshake(small.NAME),
            small.handshake(small.NAME, small.SITE6),
            small.get("/who"),
            [ttl for _, ttl in small.ask(small.NAME)],
        )

    secure, secure6, page, ttls = behind(client=client)
    assert (secure, secure6) == ("ok", "ok")
    assert isinstance(page, bytes)
    assert page.endswith(b"client\n")
    assert ttls == [64 - 3]


def test_the_control_has_its_own_view_and_is_beside_the_censor() -> None:
    rules = (
        Rule(id="sni", match=SNI, effect=Reset()),
        Rule(id="weather", match=Match(stage=Stage.IP), effect=Lose(probability=1.0)),
    )
    with PacketLab(small.world(), rules) as lab:
        if shutil.which("curl") is None:
            pytest.skip("no curl")
        through = lab.run(
            ["curl", "-sS", "-m", "5", "-x", f"socks5h://{small.CONTROL}:1080", f"https://{small.NAME}/who"]
        )
        assert lab.control_proxy == f"socks5://{small.CONTROL}:1080"
    assert (through.stdout, through.stderr) == ("control\n", "")


def test_a_control_that_a_rule_is_aimed_at_is_cut_off() -> None:
    rule = Rule(id="control", match=Match(stage=Stage.TCP, addresses=(small.CONTROL,)), effect=Reset())
    assert behind(rule, client=lambda: small.connecting(small.CONTROL, 1080)).startswith("ConnectionRefusedError")


def test_syn_dropped() -> None:
    rule = Rule(id="syn", match=Match(stage=Stage.TCP, addresses=(small.SITE,), ports=(443,)), effect=Drop())
    answer = behind(rule, client=lambda: (small.connecting(small.SITE, 443, 0.5), small.connecting(small.SITE, 80)))
    assert answer == ("TimeoutError", "open")


def test_syn_answered_with_reset() -> None:
    rule = Rule(id="syn", match=Match(stage=Stage.TCP, addresses=(small.SITE,)), effect=Reset())
    assert behind(rule, client=lambda: small.connecting(small.SITE, 443)) == "ConnectionRefusedError 111"


@pytest.mark.parametrize("address", [small.SITE, small.SITE6])
def test_icmp_host_unreachable(address: str) -> None:
    rule = Rule(id="icmp", match=Match(stage=Stage.TCP, addresses=(address,)), effect=Unreachable())
    assert behind(rule, client=lambda: small.connecting(address, 443)) == "OSError 113"


def test_one_family_dropped() -> None:
    rule = Rule(id="v6", match=Match(stage=Stage.TCP, family=6), effect=Drop())
    answer = behind(rule, client=lambda: (small.connecting(small.SITE6, 443, 0.5), small.connecting(small.SITE, 443)))
    assert answer == ("TimeoutError", "open")


def test_sni_reset_spares_other_names_on_the_same_address() -> None:
    rule = Rule(id="sni", match=SNI, effect=Reset())
    answer = behind(rule, client=lambda: (small.greet(small.OTHER), small.greet(small.NAME), small.greet(None)))
    assert answer == (HANDSHAKE, "ConnectionResetError 104 after 0", HANDSHAKE)


def test_sni_silence() -> None:
    rule = Rule(id="sni", match=SNI, effect=Drop())
    answer = behind(rule, client=lambda: (small.greet(small.NAME, limit=0.6), small.greet(small.OTHER)))
    assert answer == ("TimeoutError after 0", HANDSHAKE)


def test_sni_close_is_a_clean_end() -> None:
    assert behind(Rule(id="sni", match=SNI, effect=Close()), client=lambda: small.greet(small.NAME)) == b""


def test_sni_alert_keeps_its_number() -> None:
    rule = Rule(id="sni", match=SNI, effect=Alert(number=112))
    answer = behind(rule, client=lambda: small.greet(small.NAME))
    assert isinstance(answer, bytes)
    assert (answer[0], answer[-2:]) == (21, bytes((2, 112)))


def test_plaintext_on_443() -> None:
    rule = Rule(id="sni", match=SNI, effect=Inject(payload=b"HTTP/1.1 403 Forbidden\r\n\r\n"))
    assert behind(rule, client=lambda: small.greet(small.NAME)) == b"HTTP/1.1 403 Forbidden\r\n\r\n"


def test_split_hello_passes_a_censor_that_reads_one_segment() -> None:
    rule = Rule(id="sni", match=Match(stage=Stage.TLS, names=(small.NAME,), first_segment=True), effect=Reset())
    answer = behind(rule, client=lambda: (small.greet(small.NAME, split=40), small.greet(small.NAME)))
    assert answer == (HANDSHAKE, "ConnectionResetError 104 after 0")


def test_split_hello_is_put_together_by_a_better_censor() -> None:
    rule = Rule(id="sni", match=SNI, effect=Reset())
    assert behind(rule, client=lambda: small.greet(small.NAME, split=40)) == "ConnectionResetError 104 after 0"


def test_reset_only_for_tls_1_2_hellos() -> None:
    rule = Rule(id="old", match=Match(stage=Stage.TLS, names=(small.NAME,), tls_maximum="1.2"), effect=Reset())
    old = partial(small.greet, small.NAME, maximum=ssl.TLSVersion.TLSv1_2)
    answer = behind(rule, client=lambda: (small.greet(small.NAME), old()))
    assert answer == (HANDSHAKE, "ConnectionResetError 104 after 0")


def test_interception_of_one_name_by_an_unknown_authority() -> None:
    rule = Rule(id="mitm", match=SNI, effect=Intercept())
    with PacketLab(small.world(), [rule]) as lab:
        assert lab.call(small.handshake, small.OTHER) == "ok"
        assert lab.call(small.handshake, small.NAME) == "unable to get local issuer certificate"


def test_flow_led_to_an_impostor() -> None:
    rule = Rule(
        id="nat", match=Match(stage=Stage.TCP, addresses=(small.SITE,), ports=(443,)), effect=Reroute(host="impostor")
    )
    assert "ostname mismatch" in behind(rule, client=lambda: small.handshake(small.NAME))


def test_residual_block_poisons_the_next_flow_for_a_while() -> None:
    rule = Rule(id="sni", match=SNI, effect=Drop(), residual=60.0)
    answer = behind(
        rule,
        client=lambda: (
            small.greet(small.OTHER),
            small.greet(small.NAME, limit=0.4),
            small.connecting(small.SITE, 443, 0.4),
            small.connecting(small.SITE, 80),
        ),
    )
    assert answer == (HANDSHAKE, "TimeoutError after 0", "TimeoutError", "open")


def test_http_reset_close_silence_by_host() -> None:
    for effect, expected in (
        (Reset(), "ConnectionResetError 104 after 0"),
        (Close(), b""),
        (Drop(), "TimeoutError after 0"),
    ):
        rule = Rule(id="host", match=HOST, effect=effect)
        blocked, open_ = behind(rule, client=lambda: (small.get("/", limit=0.6), small.get("/", small.OTHER)))
        assert blocked == expected
        assert isinstance(open_, bytes)
        assert open_.endswith(b"this is innocent.example\n")


def test_blockpage_of_many_segments_arrives_whole() -> None:
    page = Response(status=403, body=b"<h1>blocked</h1>" * 400)
    answer = behind(Rule(id="page", match=HOST, effect=Blockpage(response=page)), client=lambda: small.get("/"))
    assert isinstance(answer, bytes)
    assert answer.startswith(b"HTTP/1.1 403")
    assert answer.endswith(page.body)


def test_blockpage_arrives_whole_on_a_lossy_path() -> None:
    page = Response(body=b"<h1>blocked</h1>" * 400)
    rules = (
        Rule(id="page", match=HOST, effect=Blockpage(response=page)),
        Rule(id="weather", match=Match(stage=Stage.IP), effect=Lose(probability=0.2)),
    )
    answer = behind(*rules, client=lambda: small.get("/", limit=20))
    assert isinstance(answer, bytes)
    assert answer.endswith(page.body)


def test_reset_in_the_body_by_keyword() -> None:
    rule = Rule(id="word", match=Match(stage=Stage.BODY, keyword=b"falun"), effect=Reset())
    cut, whole = behind(rule, client=lambda: (small.get("/word"), small.get("/")))
    assert isinstance(cut, str)
    assert cut.startswith("ConnectionResetError")
    assert isinstance(whole, bytes)


def test_forged_reply_first_and_true_reply_later_with_other_ttls() -> None:
    replies = behind(
        Rule(id="forge", match=QNAME, effect=ForgeDNS(answers=(FORGED,))), client=lambda: small.ask(small.NAME)
    )
    forged, true = replies
    assert forged[0].endswith(bytes(map(int, small.IMPOSTOR.split("."))))
    assert true[0].endswith(bytes(map(int, small.SITE.split("."))))
    assert (forged[1], true[1]) == (CENSOR_TTL, 61)


def test_forged_reply_to_a_query_for_an_address_that_runs_no_resolver() -> None:
    rule = Rule(id="forge", match=QNAME, effect=ForgeDNS(answers=(FORGED,)))
    nobody = "198.41.200.200"
    forged, silence = behind(rule, client=lambda: (small.ask(small.NAME, nobody), small.ask(small.OTHER, nobody)))
    assert [reply[-4:] for reply, _ in forged] == [bytes(map(int, small.IMPOSTOR.split(".")))]
    assert silence == []


def test_only_a_queries_forged() -> None:
    rule = Rule(
        id="forge", match=Match(stage=Stage.DNS, qtypes=("A",)), effect=ForgeDNS(answers=(FORGED,), drop_truth=True)
    )
    four, six = behind(rule, client=lambda: (small.ask(small.NAME), small.ask(small.NAME, qtype=28)))
    assert [reply[-4:] for reply, _ in four] == [bytes(map(int, small.IMPOSTOR.split(".")))]
    assert len(six) == 1


def test_plain_dns_dropped() -> None:
    rule = Rule(id="dns", match=Match(stage=Stage.DNS), effect=Drop())
    assert behind(rule, client=lambda: small.ask(small.NAME)) == []


def test_throttle_by_sni() -> None:
    rule = Rule(id="slow", match=HOST, effect=Throttle(bytes_per_second=20_000))
    slow, fast = behind(rule, client=lambda: (small.amount(small.NAME, 0.5), small.amount(small.OTHER, 0.5)))
    assert 4_000 < slow < 16_000
    assert fast > 500_000


def test_connection_cut_after_a_time() -> None:
    rule = Rule(id="cut", match=HOST, effect=Cut(seconds=0.2))
    slow = Rule(id="slow", match=HOST, effect=Throttle(bytes_per_second=50_000))
    answer = behind(rule, slow, client=lambda: small.get("/big", limit=8))
    assert isinstance(answer, str)
    assert answer.startswith("ConnectionResetError")


def test_a_client_without_ipv6_has_no_route() -> None:
    with PacketLab(small.world(ipv6=False)) as lab:
        assert lab.call(small.connecting, small.SITE6, 443) == "OSError 101"
        assert lab.call(small.connecting, small.SITE, 443) == "open"


def test_a_silent_port_and_a_host_that_is_down() -> None:
    with PacketLab(small.world()) as lab:
        assert lab.call(small.connecting, small.DEAF, 80, 0.5) == "TimeoutError"
        lab.apply(down=("site",))
        assert lab.call(small.connecting, small.SITE, 443) == "ConnectionRefusedError 111"
        lab.apply()
        assert lab.call(small.handshake, small.NAME) == "ok"


def test_rules_change_while_the_lab_runs() -> None:
    with PacketLab(small.world()) as lab:
        assert lab.call(small.greet, small.NAME) == HANDSHAKE
        lab.apply([Rule(id="sni", match=SNI, effect=Reset())])
        assert lab.call(small.greet, small.NAME) == "ConnectionResetError 104 after 0"
        lab.apply()
        assert lab.call(small.greet, small.NAME) == HANDSHAKE


def test_a_script_changes_the_path_by_itself() -> None:
    def client() -> tuple[str | bytes, str | bytes]:
        first = small.greet(small.NAME)
        time.sleep(0.4)
        return first, small.greet(small.NAME)

    with PacketLab(small.world()) as lab:
        lab.play((Phase(start=0.0), Phase(start=0.3, rules=(Rule(id="sni", match=SNI, effect=Reset()),))))
        assert lab.call(client) == (HANDSHAKE, "ConnectionResetError 104 after 0")


def test_rules_about_syns_hold_on_a_lossy_path() -> None:
    rules = (
        Rule(id="syn", match=Match(stage=Stage.TCP, addresses=(small.SITE,)), effect=Drop()),
        Rule(id="weather", match=Match(stage=Stage.IP), effect=Lose(probability=0.5)),
    )
    with PacketLab(small.world(), rules) as lab:
        assert lab.call(small.connecting_often, 8, small.SITE, 443, 1.2) == {"TimeoutError"}


def test_veth_links_carry_the_same() -> None:
    with PacketLab(small.world(), [Rule(id="sni", match=SNI, effect=Reset())], link="veth") as lab:
        assert lab.call(small.greet, small.NAME) == "ConnectionResetError 104 after 0"
        assert lab.call(small.handshake, small.OTHER, small.SITE6) == "ok"
        page = lab.call(small.get, "/big")
    assert isinstance(page, bytes)
    assert len(page) > 1 << 20


def test_a_command_sees_the_labs_files_and_nothing_of_the_host() -> None:
    with PacketLab(small.world()) as lab:
        done = lab.run(["cat", "/etc/resolv.conf", "/proc/net/dev"])
    assert f"nameserver {small.ISP}" in done.stdout
    table = done.stdout.partition("face |")[2].splitlines()[1:]
    devices = {line.partition(":")[0].strip() for line in table}
    assert devices == {"lo", "path0"}


def test_a_shell_gives_its_exit_code_and_knows_the_control() -> None:
    with PacketLab(small.world()) as lab:
        assert lab.shell(["sh", "-c", f'test "$PROBE_LAB_CONTROL" = socks5://{small.CONTROL}:1080 && exit 7']) == 7


def test_nothing_is_left_behind() -> None:
    with PacketLab(small.world()) as lab:
        folder, pid = lab.ca_file.parent, lab._pid
        with pytest.raises(subprocess.TimeoutExpired):
            lab.run(["sleep", "60"], timeout=0.1)
        left = int(lab.run(["sh", "-c", "setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $!"]).stdout)
        assert Path(f"/proc/{left}").exists()
        with pytest.raises(ZeroDivisionError):
            lab.call(lambda: 1 // 0)
    assert not folder.exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
    assert _ended(left)
    with pytest.raises(LabError, match="not running"):
        lab.fired()


def _ended(pid: int) -> bool:
    """Whether a process is gone, or only waits to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_a_killed_parent_takes_the_lab_with_it() -> None:
    code = (
        "import time\nfrom probe.lab.packet.topology import PacketLab\nfrom tests.lab.packet import small\n"
        "lab = PacketLab(small.world()).start()\nprint(lab._pid, lab.ca_file, flush=True)\ntime.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid, _, file = parent.stdout.readline().strip().partition(" ")
        assert Path(file).exists()
        parent.kill()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and (not _ended(int(pid)) or Path(file).exists()):
        time.sleep(0.01)
    assert _ended(int(pid))
    assert not Path(file).exists()
