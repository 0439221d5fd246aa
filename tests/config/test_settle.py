"""Which value counts, where it comes from, and slips that are named instead of being passed over."""

from collections.abc import Mapping
from typing import Any

import pytest

from probe.config.files import Document, Key, Mistake
from probe.config.settle import Option, Value, settle, variable


def number(text: str) -> float:
    return float(text)


COMMANDS = {
    "run": (
        Option("vantage", many=False, flag=False, check=str),
        Option("timeout", many=False, flag=False, check=number),
        Option("control-proxy", many=True, flag=False, check=str),
        Option("followup", many=False, flag=True, check=str),
    ),
    "report": (Option("tz", many=False, flag=False, check=str), Option("only", many=True, flag=False, check=str)),
}


def file(name: str, *keys: tuple[str, str, Any]) -> Document:
    """A document whose keys stand on the lines 1, 2, ..."""
    tables = tuple((table, 1) for table in dict.fromkeys(table for table, _, _ in keys) if table)
    return Document(name, tuple(Key(*key, line) for line, key in enumerate(keys, start=1)), tables)


def value(*documents: Document, option: str = "vantage", **environment: str) -> Value:
    found = settle(COMMANDS, environment, documents)
    assert found.mistakes == ()
    return found.values["run"][option]


def mistakes(*documents: Document, environment: Mapping[str, str] | None = None) -> list[tuple[str, str]]:
    return [(one.command, one.text) for one in settle(COMMANDS, environment or {}, documents).mistakes]


PROJECT = file("probe.toml", ("", "vantage", "project"))
USER = file("/home/u/probe.toml", ("run", "vantage", "user"), ("", "timeout", 7))


def test_the_environment_counts_before_the_folders_file_and_that_before_the_users() -> None:
    assert value(PROJECT, USER, PROBE_VANTAGE="env") == Value("env", "PROBE_VANTAGE")
    assert value(PROJECT, USER) == Value("project", "probe.toml:1")
    assert value(USER) == Value("user", "/home/u/probe.toml:1")
    assert value(PROJECT, USER, option="timeout") == Value("7", "/home/u/probe.toml:2")
    assert value(PROJECT, USER, PROBE_VANTAGE="") == Value("project", "probe.toml:1")


def test_a_table_of_the_command_counts_before_the_top_of_the_same_file() -> None:
    both = file("probe.toml", ("", "timeout", 3), ("run", "timeout", 4.5))
    assert value(both, option="timeout") == Value("4.5", "probe.toml:2")


def test_what_nobody_set_has_no_value() -> None:
    assert settle(COMMANDS, {}, ()).values == {}


def test_lists_are_taken_from_lists_from_single_values_and_from_words() -> None:
    several = file("f", ("", "control_proxy", ["socks5://a", "socks5://b"]))
    assert value(several, option="control-proxy").value == ["socks5://a", "socks5://b"]
    assert value(file("f", ("", "control-proxy", "socks5://a")), option="control-proxy").value == ["socks5://a"]
    words = value(option="control-proxy", PROBE_CONTROL_PROXY=" socks5://a  socks5://b ")
    assert words == Value(["socks5://a", "socks5://b"], "PROBE_CONTROL_PROXY")


@pytest.mark.parametrize(("text", "meant"), [("no", False), ("0", False), ("TRUE", True), ("on", True)])
def test_switches_have_words_in_the_environment_and_toml_has_its_own(text: str, meant: bool) -> None:
    assert value(option="followup", PROBE_FOLLOWUP=text).value is meant
    assert value(file("f", ("", "followup", meant)), option="followup").value is meant


def test_the_home_folder_is_what_the_shell_would_make_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    assert value(file("f", ("", "vantage", "~/x"))).value == "/home/u/x"
    assert value(file("f", ("", "vantage", "~x"))).value == "~x"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        (("", "vantge", "x"), ("", 'f:1: unknown key "vantge"; did you mean "vantage"?')),
        (("run", "tz", "UTC"), ("run", 'f:1: unknown key "tz" in [run]; it is an option of report')),
        (("rnu", "vantage", "x"), ("", "f:1: unknown table [rnu]; did you mean [run]?")),
        (("zzz", "vantage", "x"), ("", "f:1: unknown table [zzz]; there are [run], [report]")),
        (("", "timeout", "abc"), ("run", "f:1: timeout: could not convert string to float: 'abc'")),
        (("", "timeout", [1, 2]), ("run", "f:1: timeout: takes one value, not a list")),
        (("", "timeout", True), ("run", "f:1: timeout: takes text or a number, not a switch")),
        (("", "control-proxy", [["a"]]), ("run", "f:1: control-proxy: takes text or a number, not more than one")),
        (("run", "vantage", {"a": 1}), ("run", "f:1: vantage: takes text or a number, not more than one")),
        (("", "followup", "no"), ("run", "f:1: followup: 'no' is neither true nor false (without quotes)")),
    ],
)
def test_slips_are_named_with_file_line_and_fix(key: tuple[str, str, Any], said: tuple[str, str]) -> None:
    assert mistakes(file("f", key)) == [said]


def test_a_key_that_is_like_nothing_says_where_the_list_of_keys_is() -> None:
    [(_, text)] = mistakes(file("f", ("", "qqqq", 1)))
    assert "`probe doctor` lists the options" in text


def test_slips_in_the_environment_are_named_unless_the_variable_may_be_somebody_elses() -> None:
    assert mistakes(environment={"PROBE_VANTGE": "x"}) == [
        ("", "PROBE_VANTGE is no setting; did you mean PROBE_VANTAGE?")
    ]
    assert mistakes(environment={"PROBE_INTERFACE_NAME": "x", "VANTGE": "y"}) == []
    assert mistakes(environment={"PROBE_FOLLOWUP": "maybe"}) == [
        ("run", "PROBE_FOLLOWUP: 'maybe' is neither true nor false")
    ]


def test_mistakes_come_in_order_of_their_lines_and_those_of_reading_are_kept() -> None:
    wrong = file("f", ("", "timeout", "abc"), ("", "vantge", 1))
    unread = Document("g", mistakes=(Mistake("", "g:3: not TOML", "g", 3),))
    assert [text.split(":")[1] for _, text in mistakes(wrong, unread)] == ["1", "2", "3"]


def test_an_options_variable_is_its_name_in_capitals() -> None:
    assert variable("control-proxy") == "PROBE_CONTROL_PROXY"
