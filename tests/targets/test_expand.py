"""The shorthand of instances: few requests, an answer that proves the server to be itself, ways out."""

from pathlib import Path

from probe.model.target import Endpoint, Expect, Need, Role, RollupRule, Target
from probe.targets.expand import SOFTWARE, checks_of, rollup_of
from probe.targets.load import parse_targets


def instance(text: str) -> Target:
    return parse_targets(f"version: 1\ninstances:\n  - {text}\n".encode(), "my.yaml").targets[0]


def test_a_domain_is_enough() -> None:
    target = instance("id: mastodon.social")
    assert (target.name, target.category) == ("mastodon.social", "fediverse")
    assert target.rollup == (RollupRule(role=Role.API, need=Need.ANY),)
    assert target.endpoints[0] == Endpoint(
        id="api",
        role=Role.API,
        url="https://mastodon.social/api/v2/instance",
        required=True,
        expect=Expect(json_equals={"domain": "mastodon.social"}),
    )
    assert [e.url for e in target.endpoints[1:]] == [
        "https://mastodon.social/.well-known/nodeinfo",
        "https://mastodon.social/",
    ]


def test_volunteers_are_asked_for_no_more_than_three_things() -> None:
    assert max(len(checks) for checks in SOFTWARE.values()) <= 3


def test_the_domain_may_differ_from_the_id() -> None:
    target = instance("{id: cmx, domain: m.cmx.im}")
    assert {e.url.split("/")[2] for e in target.endpoints} == {"m.cmx.im"}
    assert target.endpoints[0].expect.json_equals == {"domain": "m.cmx.im"}


def test_an_old_server_is_asked_by_the_old_api() -> None:
    api = instance("{id: old.example, software: mastodon_3}").endpoints[0]
    assert (api.url, api.expect.json_equals) == ("https://old.example/api/v1/instance", {"uri": "old.example"})


def test_of_two_apis_either_will_do() -> None:
    target = instance("{id: some.example, checks: [api, api_v1]}")
    assert [e.required for e in target.endpoints] == [False, False]
    assert target.rollup == (RollupRule(role=Role.API, need=Need.ANY),)


def test_a_server_without_mastodons_api_is_known_by_its_nodeinfo() -> None:
    assert instance("{id: some.example, software: other}").rollup == (RollupRule(role=Role.NODEINFO, need=Need.ANY),)


def test_with_the_web_page_alone_everything_must_be_reached() -> None:
    assert rollup_of(checks_of("some.example", ["web"])) == (RollupRule(),)


def test_a_written_endpoint_stands_in_the_place_of_a_check_and_others_follow() -> None:
    target = instance(
        "{id: some.example, endpoints: ["
        "{id: web, role: web, url: 'https://some.example/about'},"
        "{id: media, role: media, url: 'https://files.some.example/'}]}"
    )
    assert [(e.id, e.url) for e in target.endpoints][2:] == [
        ("web", "https://some.example/about"),
        ("media", "https://files.some.example/"),
    ]


def test_the_dates_of_an_instance_are_those_of_its_checks() -> None:
    target = instance("{id: gone.example, valid_from: 2018-01-01, valid_to: 2023-05-09}")
    assert {(e.valid_from, e.valid_to) for e in target.endpoints} == {("2018-01-01", "2023-05-09")}


def test_checks_written_twice_are_made_once() -> None:
    assert [e.id for e in checks_of("some.example", ["web", "web"])] == ["web"]


def test_the_examples_of_the_documentation_are_right() -> None:
    text = (Path(__file__).parents[2] / "docs" / "targets.md").read_text(encoding="utf-8")
    example = text.split("## Instances")[1].split("```yaml\n")[1].split("```")[0]
    instances = parse_targets(example.encode(), "docs/targets.md").targets
    assert [len(target.endpoints) for target in instances] == [3, 3, 2, 4]
