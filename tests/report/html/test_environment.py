import base64
import hashlib

import pytest

from probe.report.html import environment
from tests.report.poison import HOSTILE


def made(template: str, **values: object) -> str:
    return environment.environment().from_string(template).render(**values)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_value_never_becomes_markup(hostile: str) -> None:
    shown = made('<p title="{{ x }}">{{ x }}</p>', x=hostile)
    inner = shown.removeprefix('<p title="').removesuffix("</p>")
    assert not set("<\"'") & set(inner.replace('">', "", 1))


def test_characters_that_act_are_shown() -> None:
    assert made("{{ x }}", x="a\u202eb\x1b[2J") == "a\\u202eb\\u001b[2J"


def test_a_value_joined_or_listed_is_cleaned_as_well() -> None:
    assert made("{{ x|join(', ') }}", x=["<a>\u202e", "b"]) == "&lt;a&gt;\\u202e, b"


def test_an_unknown_name_is_an_error_and_not_a_blank() -> None:
    with pytest.raises(Exception, match="undefined"):
        made("{{ nothing }}")


@pytest.mark.parametrize(
    "link",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "file:///etc/passwd", "//evil.example/x", "/x",
     "x", "", "https://", "http://a b/", "https://a/\nb", "https://a/\u202ex", "vbscript:x", " https://a/", "https://[x"],
)  # fmt: skip
def test_a_link_that_does_not_lead_to_the_web_is_none(link: str) -> None:
    assert environment.web_address(link) == ""


@pytest.mark.parametrize("link", ["https://example.org/a?b=c#d", "http://example.org/", "https://例子.example/路"])
def test_a_link_to_the_web_stays(link: str) -> None:
    assert environment.web_address(link) == link


def test_the_policy_allows_this_style_and_nothing_else() -> None:
    told = environment.style()
    digest = base64.b64encode(hashlib.sha256(told.css.encode()).digest()).decode()
    assert told.policy.startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}'" in told.policy
    assert "unsafe" not in told.policy
    assert "script" not in told.policy


def test_the_style_fetches_nothing() -> None:
    css = environment.style().css
    assert "url(" not in css
    assert "@import" not in css
    assert "@font-face" not in css
    assert "</" not in css


def test_chinese_is_tagged_as_simplified() -> None:
    assert environment.language_tag("zh") == "zh-Hans"
    assert environment.language_tag("en") == "en"
