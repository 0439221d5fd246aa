"""The templates and the style, and the one way in which text becomes markup. Knows no report.

Every value is escaped (autoescape), and before that every control, format and surrogate character in it is shown as an
escape: a bidi mark in a title would reorder the page beside it. The style stands in the page; the page's policy allows
that one style, by its hash, and nothing else: no script, no image, no font, no connection.
"""

import base64
import hashlib
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from probe.model.clock import rfc3339
from probe.model.shown import visible
from probe.report.block.view import Rung
from probe.report.figures.outcome import colours, figure_css

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

TEMPLATES = "templates"
LANGUAGE_TAGS = {"zh": "zh-Hans"}
"""BCP 47 tags where the name of a catalogue says too little."""


class Style(NamedTuple):
    """The style of every page, and the policy that allows it."""

    css: str
    policy: str


@cache
def style() -> Style:
    """Colours of both schemes, figures, page. In print the light colours hold."""
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{colours(dark=True)}}}}}"
    css = f":root{{{colours(dark=False)}}}{dark}{figure_css()}\n{_read('style.css')}"
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return Style(css, policy)


def _read(name: str) -> str:
    return files(__package__).joinpath(TEMPLATES, name).read_text(encoding="utf-8")


@cache
def environment() -> "Environment":
    """The templates, with their filters."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    made = Environment(
        autoescape=True,
        loader=FunctionLoader(_read),
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["newline"] = Markup("\n")  # ours; in a string from a record it would be shown as an escape
    made.filters.update(rfc3339=rfc3339, web=web_address, tag=language_tag, depth=depth, mark=mark)
    return made


def _shown(value: Any) -> Any:
    """What a template puts out: strings without acting characters; markup (ours) as it is."""
    return visible(value) if isinstance(value, str) and not hasattr(value, "__html__") else value


def language_tag(lang: str) -> str:
    """`zh-Hans` for `zh`."""
    return LANGUAGE_TAGS.get(lang, lang)


def web_address(link: str) -> str:
    """The link if it leads to the web and nowhere else; empty for `javascript:`, `data:`, a path, or what is none."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    plain = visible(link) == link and not any(c.isspace() for c in link)
    return link if plain and parts.scheme in ("http", "https") and parts.hostname else ""


def depth(line: str) -> int:
    """How many columns a line of a transcript stands in: 0, 2 or 4."""
    return min(len(line) - len(line.lstrip(" ")), 4)


def mark(rung_name: str, say: Callable[[str], str]) -> str:
    """The class that gives a rung its sign, by the rung's name in the language of the page."""
    known = {say(f"rung.{rung}"): f"r-{rung}" for rung in Rung}
    return known.get(rung_name, f"r-{Rung.NONE}")


def drawn(figure: str) -> "Markup":
    """A figure of ours as markup: `figures.svg` has escaped every part of it."""
    from markupsafe import Markup

    return Markup(figure)  # noqa: S704 - the only markup that templates are given


def render(template: str, **values: object) -> str:
    """A page of that template. Strings are escaped; figures come as `drawn` ones."""
    from markupsafe import Markup

    told = style()
    css, policy = Markup(told.css), Markup(told.policy)  # noqa: S704 - both are ours, and their hash must hold
    return environment().get_template(template).render(style=css, policy=policy, **values)
