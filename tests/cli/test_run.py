"""`probe run` as a process: what it prints where, how it ends, what it leaves; against servers on this machine only."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from probe.model.codec import decode_line
from probe.model.measurement import Measurement
from tests.cli.command import Done, environment, probe, served, write_list

ESCAPE = "\x1b"


def files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.jsonl"))


def lines(folder: Path) -> list[Measurement]:
    [path] = files(folder)
    return [decode_line(line) for line in path.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def quiet_run(tmp_path_factory: pytest.TempPathFactory, hello: int) -> tuple[Done, Path]:
    """A run in which everything is well, from a folder that is not the project's."""
    folder = tmp_path_factory.mktemp("quiet")
    write_list(folder, served(hello))
    return probe("run", "--vantage", "sha-ct", "--country", "cn", "--asn", "AS4134", cwd=folder), folder


def test_a_run_in_which_all_is_well_ends_with_zero(quiet_run: tuple[Done, Path]) -> None:
    done, _ = quiet_run
    assert (done.code, done.err.count("\n")) == (0, 1)


def test_in_a_pipe_stdout_is_one_line_an_endpoint_and_nothing_else(quiet_run: tuple[Done, Path]) -> None:
    done, _ = quiet_run
    rows = [line.split("\t") for line in done.out.splitlines()]
    assert sorted(row[0] for row in rows) == ["app/door", "app/web", "ref/check"]
    assert {(len(row), row[1]) for row in rows} == {(6, "ok")}
    assert ESCAPE not in done.out + done.err


def test_the_file_lies_where_it_is_said_to_lie_and_says_who_measured(quiet_run: tuple[Done, Path]) -> None:
    done, folder = quiet_run
    [path] = files(folder)
    assert f"3 lines → {path.relative_to(folder)}" in done.err
    assert path.relative_to(folder).parts[:2] == ("results", "sha-ct")
    assert {(m.vantage, m.country, m.asn, m.verdict, m.fitness) for m in lines(folder)} == {
        ("sha-ct", "CN", 4134, "ok", "fit")
    }


def test_json_is_the_lines_of_the_file_and_nothing_else(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("run", "--json", cwd=tmp_path)
    assert done.code == 0
    [path] = files(tmp_path)
    assert done.out.encode() == path.read_bytes()
    assert len([decode_line(line.encode()) for line in done.out.splitlines()]) == 3


@pytest.mark.parametrize(
    "changes", [{"NO_COLOR": "1"}, {"FORCE_COLOR": "1"}, {"TERM": "xterm-256color"}, {"COLUMNS": "20"}]
)
def test_no_escape_codes_and_no_cut_lines_in_a_pipe_whatever_the_environment_says(
    tmp_path: Path, hello: int, changes: dict[str, str]
) -> None:
    write_list(tmp_path, served(hello))
    done = probe("targets", "list", cwd=tmp_path, env=environment(**changes))
    assert done.code == 0
    assert ESCAPE not in done.out + done.err
    assert [len(line.split("\t")) for line in done.out.splitlines()] == [8, 8]


def test_only_one_endpoint_and_the_references(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("run", "--only", "app/door", cwd=tmp_path)
    assert {m.endpoint for m in lines(tmp_path)} == {"door", "check"}
    assert done.code == 0


def test_a_vantage_that_reaches_no_reference_is_unfit(tmp_path: Path) -> None:
    write_list(tmp_path, served(9))  # nobody listens at the discard port
    done = probe("run", "--only", "ref", cwd=tmp_path)
    assert done.code == 4
    assert "the vantage is unfit (offline): nothing can be concluded from this run" in done.err
    [line] = lines(tmp_path)  # unfit runs are kept
    assert (line.verdict, line.fitness, line.tries) == ("insufficient", "offline", 3)


def test_a_dry_run_touches_nothing_and_prints_all_it_would(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("run", "--dry-run", "--resolver", "9.9.9.9", "--doh", "https://dns.google/dns-query",
                 "--control-proxy",
                 "socks5://me:secret@10.0.0.1:1081", "--canary", "198.41.0.200", "--egress-url",
                 "https://egress.invalid/asn", cwd=tmp_path)  # fmt: skip
    assert done.code == 0
    rows = done.out.splitlines()
    assert rows[0] == "resolver\tsystem"
    for row in (
        "resolver\tudp 9.9.9.9:53",
        "resolver\tdoh https://dns.google/dns-query",
        "control\tsocks5://10.0.0.1:1081",
        "canary\t198.41.0.200:53",
        "egress\thttps://egress.invalid/asn",
        "ref/check\tref.invalid:80\tdns,tcp,http\thttp://ref.invalid/generate_204",
        "app/api\tapi.invalid:443\tdns,tcp,tls,http\thttps://api.invalid/",
        "app/door\t127.0.0.1:9\ttcp\ttcp://127.0.0.1:9",
    ):
        assert row in rows
    assert "secret" not in done.out + done.err
    assert done.err == "left out risky/web: risk high: measured only with --accept-risk high\n"
    assert os.listdir(tmp_path) == ["targets.yaml"]


def test_a_dry_run_as_json(tmp_path: Path) -> None:
    write_list(tmp_path)
    document = json.loads(probe("run", "--dry-run", "--json", "--only", "app/api", cwd=tmp_path).out)
    assert [one["endpoint"] for one in document["endpoints"]] == ["ref/check", "app/api"]
    assert document["endpoints"][1] == {
        "endpoint": "app/api", "url": "https://api.invalid/", "host": "api.invalid", "port": 443,
        "checks": ["dns", "tcp", "tls", "http"],
    }  # fmt: skip
    assert set(document) == {"resolvers", "controls", "canaries", "egress", "endpoints"}


def test_targets_that_need_consent(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("run", "--only", "risky", cwd=tmp_path)
    assert done.code == 5
    assert "risky/web: risk high: measured only with --accept-risk high" in done.err
    assert done.out == ""
    agreed = probe("run", "--only", "risky", "--accept-risk", "high", "--dry-run", cwd=tmp_path)
    assert (agreed.code, agreed.err) == (0, "")


WRONG = {
    "--vantage": ("../x", "--vantage: vantage name '../x' cannot name a folder"),
    "--country": ("CHN", "--country 'CHN' is no country code; did you mean CN?"),
    "--asn": ("AS-1", "--asn 'AS-1' is no network number; write 4134 or AS4134"),
    "--resolver": ("dns.google", "--resolver: 'dns.google' names no resolver; write --resolver ADDR[:PORT]"),
    "--doh": ("1.1.1.1", "--doh: '1.1.1.1' is no URL; write https://HOST/PATH"),
    "--control-proxy": ("ftp://x", "--control-proxy: proxy 'ftp://x' must be socks5://HOST:PORT or http://HOST:PORT"),
    "--canary": ("x.example", "--canary 'x.example' is no address"),
    "--egress-url": ("dns://x", "--egress-url 'dns://x' is no http or https URL"),
    "--ca-file": ("none.pem", "--ca-file none.pem: No such file"),
    "--fingerprints": ("none.csv", "--fingerprints none.csv: No such file"),
    "--control-vantage": ("nowhere", "--control-vantage: nowhere: no such file or folder"),
    "--only": ("ap", "--only ap: no such target or endpoint; did you mean app?"),
}


@pytest.mark.parametrize("flag", WRONG)
def test_a_wrong_flag_ends_with_two_and_says_what_to_write(tmp_path: Path, flag: str) -> None:
    write_list(tmp_path)
    value, message = WRONG[flag]
    done = probe("run", flag, value, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert done.err.endswith("1 mistake; nothing was probed.\n")
    assert os.listdir(tmp_path) == ["targets.yaml"]


def test_all_mistakes_are_told_in_one_go(tmp_path: Path) -> None:
    write_list(tmp_path)
    flags = [word for flag, (value, _) in WRONG.items() for word in (flag, value)]
    done = probe("run", *flags, "--only", "nosuch", cwd=tmp_path)
    assert done.code == 2
    assert [message for _, message in WRONG.values() if message not in done.err] == []
    assert "--only nosuch: " in done.err
    assert done.err.endswith(f"{len(WRONG) + 1} mistakes; nothing was probed.\n")


def test_mistakes_of_flags_are_told_beside_those_of_the_list(tmp_path: Path) -> None:
    write_list(tmp_path, "version: 1\napps:\n  - {id: a, nmae: A}\n")
    done = probe("run", "--country", "CHN", cwd=tmp_path)
    assert done.code == 2
    assert "--country 'CHN'" in done.err
    assert "targets.yaml:3: " in done.err
    told = [line for line in done.err.splitlines() if line.startswith(("--country", "targets.yaml:"))]
    assert done.err.splitlines()[-1] == f"{len(told)} mistakes; nothing was probed."


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("app", "app is in targets.yaml: `probe run --only app` measures it"),
        ("https://api.invalid/x", "api.invalid is in targets.yaml: `probe run --only app` measures it"),
        ("web.invalid", "web.invalid is in targets.yaml: `probe run --only app` measures it"),
        ("https://other.invalid/", "other.invalid is in no target list here; docs/targets.md shows how to write one"),
        ("other.yaml", "other.yaml: there is no such file"),
    ],
)
def test_a_target_or_its_address_given_for_the_list(tmp_path: Path, named: str, said: str) -> None:
    write_list(tmp_path)
    done = probe("run", named, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(said)
    assert "nothing was probed" in done.err


def test_a_missing_list_is_told_by_its_name(tmp_path: Path) -> None:
    done = probe("run", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("targets.yaml: there is no such file")
    assert "nothing was probed" in done.err


@pytest.mark.parametrize("content", [b"", b"no certificate", b"\xff\xfe\x00", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_ca_file_that_holds_no_certificates(tmp_path: Path, content: bytes) -> None:
    write_list(tmp_path)
    (tmp_path / "ca.pem").write_bytes(content)
    done = probe("run", "--ca-file", "ca.pem", cwd=tmp_path)
    assert done.code == 2
    assert "--ca-file: ca.pem" in done.err


def test_results_that_cannot_be_written_are_told_before_anything_is_measured(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    (tmp_path / "results").write_text("in the way", encoding="utf-8")
    done = probe("run", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("--out results: ")
    assert "is a file; name a folder\n" in done.err


def test_hostile_words_on_the_command_line_and_in_the_list_do_not_act(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello, blocked="\\e[2J\\u202e"))
    done = probe("run", "--only", "x\x1b[2J\u202e", "--vantage", "\x1b[31m", "--control-proxy", "\x07", cwd=tmp_path)
    assert done.code == 2
    assert not {ESCAPE, "\u202e", "\x07"} & set(done.out + done.err)
    assert "--only x\\u001b[2J\\u202e: no such" not in done.err  # the list itself is refused before
    assert 'targets.yaml:4: app "app": name holds a control character; remove it' in done.err
    write_list(tmp_path, served(hello))
    asked = probe("run", "--only", "x\x1b[2J\u202e", cwd=tmp_path)
    assert "--only x\\u001b[2J\\u202e: no such target or endpoint" in asked.err


def begin(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "probe", "run", "--json", *arguments], cwd=folder, env=environment(),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_keeps_what_it_has_measured(
    tmp_path: Path, hello: int, silence: int, number: signal.Signals
) -> None:
    write_list(tmp_path, served(hello, silent=silence))
    with begin(tmp_path, "--timeout", "30") as running:
        assert running.stdout is not None
        told = [running.stdout.readline() for _ in range(3)]  # all but the silent one
        running.send_signal(number)
        asked = time.monotonic()
        out, err = running.communicate(timeout=20)
    assert running.returncode == 130
    assert time.monotonic() - asked < 10.0  # far from the stage's own 30 s, however busy the machine
    assert out == ""
    assert "\ninterrupted: 3 of 4 endpoints are on disk\nto measure the rest: probe run --resume " in err
    assert "Traceback" not in err
    assert [decode_line(line.encode()) for line in told] == lines(tmp_path)


def test_a_budget_too_small_for_any_line_is_said_and_leaves_no_file(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    done = probe("run", "--max-bytes", "1", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "not measured, the run had used its 1 byte: " in done.err
    assert done.err.endswith("no file was written; allow a run more (--max-bytes, --max-time)\n")
    assert list((tmp_path / "results").rglob("*.jsonl")) == []


def test_a_reader_of_json_who_leaves_does_not_end_the_measuring(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    with begin(tmp_path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        err = running.stderr.read()
    assert (running.returncode, "Traceback" in err) == (0, False)
    assert len(lines(tmp_path)) == 3
