"""Files, days, and what no file may do: crash the loader, cost unbounded time, or mean something its author did not."""

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.model.target import Endpoint, Role, Target, TargetKind
from probe.targets.load import MAX_BYTES, TargetListError, active_endpoints, load_targets, parse_targets

LIST = "version: 1\ninstances:\n  - id: mas.to\n"


def said(path: Path) -> str:
    with pytest.raises(TargetListError) as caught:
        load_targets(path)
    (problem,) = caught.value.problems
    return str(problem)


def parsed(text: str) -> Target:
    return parse_targets(text.encode(), "my.yaml").targets[0]


def test_the_hash_is_over_the_bytes_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + LIST.replace("\n", "\r\n").encode())
    targets = load_targets(file)
    assert targets.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (targets.source, targets.targets[0].id) == (str(file), "mas.to")


def test_the_default_is_the_list_of_the_current_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("targets.yaml").write_text(LIST, encoding="utf-8")
    assert load_targets().source == "targets.yaml"


def test_a_misspelt_file_name(tmp_path: Path) -> None:
    (tmp_path / "targets.yaml").write_text(LIST, encoding="utf-8")
    assert said(tmp_path / "target.yaml").endswith(
        f'there is no such file; did you mean "{tmp_path / "targets.yaml"}"?'
    )


def test_a_missing_file_in_a_missing_folder(tmp_path: Path) -> None:
    assert said(tmp_path / "no" / "my.yaml").endswith(
        "there is no such file; name a file, or write one as docs/targets.md shows"
    )


def test_a_directory(tmp_path: Path) -> None:
    assert said(tmp_path).endswith("this is a directory, not a target list; name a file in it")
    (tmp_path / "targets.yaml").touch()
    assert said(tmp_path).endswith(f'did you mean "{tmp_path / "targets.yaml"}"?')


def test_an_empty_file(tmp_path: Path) -> None:
    (tmp_path / "my.yaml").touch()
    assert ":1: nothing in it; " in said(tmp_path / "my.yaml")


def test_a_file_that_is_not_ours_to_read(tmp_path: Path) -> None:
    loop = tmp_path / "my.yaml"
    loop.symlink_to(loop)
    assert "cannot be read" in said(loop)


def test_a_file_that_is_far_too_long_is_not_read_to_its_end(tmp_path: Path) -> None:
    file = tmp_path / "my.yaml"
    with file.open("wb") as sparse:
        os.truncate(sparse.fileno(), 1 << 40)
    assert f"longer than {MAX_BYTES // 1024} KiB" in said(file)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("2021", "2021"),
        ("1_000", "1_000"),
        ("0x10", "0x10"),
        ("no", "no"),
        ("1.10", "1.10"),
        ("2021-02-08", "2021-02-08"),
    ],
)
def test_text_is_read_as_written_whatever_yaml_makes_of_it(written: str, read: str) -> None:
    assert parsed(f"{LIST}    name: {written}\n").name == read


def test_norway_is_no_flag() -> None:
    assert parsed(f"{LIST}    country: NO\n").country == "NO"


def test_values_to_compare_keep_the_type_they_are_written_in() -> None:
    written = "{count: 1, ok: true, word: yes, quoted: '1', day: 2021-02-08}"
    endpoint = f"{{id: x, role: api, url: 'https://a.example/', expect: {{json_equals: {written}}}}}"
    expect = parsed(f"{LIST}    endpoints: [{endpoint}]\n").endpoints[-1].expect
    assert expect.json_equals == {"count": 1, "ok": True, "word": "yes", "quoted": "1", "day": "2021-02-08"}
    assert expect.json_equals["ok"] is True


def test_several_tabs_are_all_named() -> None:
    with pytest.raises(TargetListError) as caught:
        parse_targets(b"version: 1\ninstances:\n\t- id: a.example\n  # fine\n\t- id: b.example\n", "my.yaml")
    assert [problem.line for problem in caught.value.problems] == [3, 5]


def test_a_nest_of_aliases_costs_no_time() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
    with pytest.raises(TargetListError) as caught:
        parse_targets(bomb.encode(), "bomb.yaml")
    assert sum("aliases are not read" in problem.fix for problem in caught.value.problems) == 118


@given(st.binary(max_size=300))
def test_no_bytes_are_fatal(data: bytes) -> None:
    with pytest.raises(TargetListError) as caught:
        parse_targets(data, "x")
    assert caught.value.problems


@given(st.text(alphabet="version: 1\napsitdre{}[]'\"#&*!|>-?,%@`\\\t\x00é💥\u2028", max_size=120))
def test_no_text_that_looks_like_yaml_is_fatal(text: str) -> None:
    with pytest.raises(TargetListError) as caught:
        parse_targets(f"{LIST}{text}\n  zzz".encode(), "x")
    assert all(0 < problem.line <= 400 for problem in caught.value.problems)


def endpoint(name: str, valid_from: str | None = None, valid_to: str | None = None) -> Endpoint:
    return Endpoint(id=name, role=Role.WEB, url="https://a.example/", valid_from=valid_from, valid_to=valid_to)


def test_an_endpoint_is_measured_from_its_first_day_to_the_day_before_its_end() -> None:
    endpoints = (endpoint("always"), endpoint("old", valid_to="2021-07-01"), endpoint("new", valid_from="2021-07-01"))
    target = Target(id="app", kind=TargetKind.APP, name="App", endpoints=endpoints)
    assert [e.id for e in active_endpoints(target, date(2021, 6, 30))] == ["always", "old"]
    assert [e.id for e in active_endpoints(target, date(2021, 7, 1))] == ["always", "new"]
