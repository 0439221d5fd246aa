"""The list that ships: what FACTS says must be in it is in it, and the schema for editors agrees with the loader."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from probe.model.target import Role, TargetKind, TargetList
from probe.targets.load import load_targets
from probe.targets.schema import json_schema

LIST = Path(__file__).parents[2] / "targets.yaml"
INSTANCES = (
    "mastodon.host cmx.im g0v.social mastodon.cloud bangdream.space mastodon.social joinmastodon.org pawoo.net "
    "counter.social niu.moe alive.bar mastodon.xyz o3o.ca douchi.space bgme.me me.ns.ci slashine.onl moresci.sale "
    "mstdn.social mastodon.online chaos.social wxw.moe mas.to mastodon.lol lgbtqia.space"
).split()


@pytest.fixture(scope="module")
def listed() -> TargetList:
    return load_targets(LIST)


def test_clubhouse_has_all_its_roles_and_no_way_to_send_an_sms(listed: TargetList) -> None:
    clubhouse = next(t for t in listed.targets if t.id == "clubhouse")
    roles = {e.role for e in clubhouse.endpoints}
    assert {Role.API, Role.WEB, Role.STATUS, Role.CDN, Role.REALTIME, Role.TELEMETRY, Role.STORE} <= roles
    assert not any("start_phone_number_auth" in e.url for e in clubhouse.endpoints)
    api = next(e for e in clubhouse.endpoints if e.role is Role.API)
    assert (api.required, api.expect.json_has) == (True, ("success",))


def test_every_instance_of_the_facts_is_there(listed: TargetList) -> None:
    hosts = " ".join(e.url for t in listed.targets if t.kind is not TargetKind.REFERENCE for e in t.endpoints)
    assert [name for name in INSTANCES if name not in hosts] == []


def test_references_know_their_exact_answers(listed: TargetList) -> None:
    references = [t for t in listed.targets if t.kind is TargetKind.REFERENCE]
    assert len(references) >= 6
    assert {t.country == "CN" for t in references} == {True, False}
    for target in references:
        for endpoint in target.endpoints:
            expect = endpoint.expect
            assert expect.status == (204,) or expect.body is not None or expect.contains, target.id


def test_telemetry_never_decides(listed: TargetList) -> None:
    assert not any(e.required for t in listed.targets for e in t.endpoints if e.role is Role.TELEMETRY)


class _WithoutDates(yaml.SafeLoader):
    """YAML as an editor's JSON Schema sees it: dates are text."""


_WithoutDates.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _as_editors_see_it() -> object:
    return yaml.load(LIST.read_text(encoding="utf-8"), Loader=_WithoutDates)  # noqa: S506 - a SafeLoader


def test_the_schema_accepts_the_list_and_refuses_unknown_keys_and_wrong_types() -> None:
    schema = json.loads(json.dumps(json_schema()))
    validator = jsonschema.Draft202012Validator(schema)
    document = json.loads(json.dumps(_as_editors_see_it()))
    assert [error.message for error in validator.iter_errors(document)] == []
    document["apps"][0]["requierd"] = True
    document["apps"][1]["endpoints"] = 7
    assert len(list(validator.iter_errors(document))) >= 2
