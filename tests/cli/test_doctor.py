"""`probe doctor` as its users run it: with settings and slips, as data, and calmly where there is no internet."""

import json
from pathlib import Path
from typing import Any

from tests.cli.command import environment, probe, served, write_list


def data(folder: Path, *arguments: str, **variables: str) -> dict[str, Any]:
    env = environment(XDG_CONFIG_HOME=str(folder / "config"), **variables)
    done = probe("doctor", "--json", *arguments, cwd=folder, env=env)
    found: dict[str, Any] = json.loads(done.out)
    assert done.code == (0 if found["fit"] else 4), done.err
    return found


def states(found: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["state"] for check in found["checks"]}


def values(found: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Value and origin of the options of `run`."""
    return {one["option"]: (one["value"], one["origin"]) for one in found["settings"] if "run" in one["commands"]}


def test_a_vantage_that_reaches_its_reference_is_fit(tmp_path: Path, hello: int) -> None:
    write_list(tmp_path, served(hello))
    found = data(tmp_path)
    assert found["fit"]
    assert states(found)["references"] == "ok"
    assert not (tmp_path / "results").exists()


def test_one_that_reaches_nothing_says_so_calmly_and_ends_with_4(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("doctor", "--within", "5", cwd=tmp_path)
    assert (done.code, done.err) == (4, "")
    assert "FAIL references   0 of 1 reached: offline, or nothing may leave this machine\n" in done.out
    assert "→ check the connection and its firewall" in done.out


def test_offline_asks_nobody(tmp_path: Path) -> None:
    write_list(tmp_path)
    found = data(tmp_path, "--offline")
    assert states(found)["network"] == "ok"
    assert "references" not in states(found)


def test_each_value_is_told_with_its_origin(tmp_path: Path) -> None:
    write_list(tmp_path)
    own = tmp_path / "config" / "probe" / "probe.toml"
    own.parent.mkdir(parents=True)
    own.write_text('\nnetwork = "Telecom"\n', encoding="utf-8")
    (tmp_path / "probe.toml").write_text('vantage = "sha-ct"\n[run]\ntimeout = 4\n', encoding="utf-8")
    found = values(data(tmp_path, "--offline", "--country", "CN", PROBE_ASN="4134"))
    assert found["vantage"] == ("sha-ct", "probe.toml:1")
    assert found["timeout"] == ("4", "probe.toml:3")
    assert found["asn"] == ("4134", "PROBE_ASN")
    assert found["country"] == ("CN", "--country")
    assert found["network"] == ("Telecom", f"{own}:2")
    assert found["concurrency"] == ("512", "default")


def test_a_proxys_password_is_not_shown(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("doctor", "--offline", "--control-proxy", "socks5://me:hunter2@127.0.0.1:1", cwd=tmp_path)
    assert "socks5://…@127.0.0.1:1" in done.out
    assert "hunter2" not in done.out + done.err


def test_slips_in_settings_in_flags_and_in_the_list_are_all_told_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    write_list(tmp_path, "version: 1\napps: 3\n")
    (tmp_path / "probe.toml").write_text('vantge = "x"\n', encoding="utf-8")
    done = probe("doctor", "--offline", "--canary", "nobody", "--asn-table", "nowhere.csv", cwd=tmp_path)
    assert done.code == 4
    assert 'FAIL settings     probe.toml:1: unknown key "vantge"; did you mean "vantage"?\n' in done.out
    assert "FAIL settings     --canary 'nobody' is no address\n" in done.out
    assert "FAIL settings     --asn-table: nowhere.csv: No such file or directory\n" in done.out
    assert "FAIL target list  targets.yaml:2" in done.out
    assert "ok   space" in done.out


def test_a_flag_that_run_does_not_know_is_a_mistake(tmp_path: Path) -> None:
    done = probe("doctor", "--offline", "--timout", "3", cwd=tmp_path)
    assert (done.code, "--timout" in done.err) == (2, True)


def test_lines_fit_a_terminal_of_eighty_columns_in_the_table_of_settings(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("doctor", "--offline", cwd=tmp_path)
    _, _, table = done.out.partition("Settings, and where each comes from:\n")
    assert table
    assert all(len(line) <= 80 for line in table.splitlines())


def test_an_old_locale_is_no_reason_to_fail(tmp_path: Path) -> None:
    write_list(tmp_path)
    done = probe("doctor", "--offline", cwd=tmp_path, env=environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
    assert (done.code, "Traceback" in done.err) == (0, False)
    assert "\n                  > set country and asn: " in done.out
