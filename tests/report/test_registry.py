"""Every registered format renders any view, the empty one included."""

import pytest

from probe.cli.console import clean
from probe.report.paper import Page
from probe.report.registry import FORMATS
from tests.report.story import story
from tests.report.viewing import view


@pytest.mark.parametrize("name", FORMATS)
def test_format_renders_a_full_and_an_empty_view(name: str) -> None:
    for one in (view(story()), view([])):
        text = FORMATS[name](one, Page(80, clean))
        assert text.endswith("\n")
