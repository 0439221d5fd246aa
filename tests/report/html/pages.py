"""A whole block of the small February 2021 and of the rollout, for tests of pages."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from probe.model.measurement import Measurement
from probe.report.block.build import build
from probe.report.block.choose import events_of, scope_event, scope_target
from probe.report.block.collect import Dossier, collect
from probe.report.block.view import Block
from probe.report.joined import Outside
from probe.report.view import View
from probe.targets.claims import load_claims
from tests.report import rollout as rolled
from tests.report import story
from tests.report.block.making import seen, stored

CLAIMS = Path(__file__).parents[3] / "claims.yaml"


@cache
def kept(name: str) -> tuple[View, Dossier]:
    """The view of `story` or `rollout`, and what was read for its first page."""
    told: Iterable[Measurement] = story.story() if name == "story" else rolled.rollout()
    with TemporaryDirectory() as folder:
        sources = stored(Path(folder), told)
        view = seen(sources, outside=Outside(load_claims(CLAIMS).claims))
        target = scope_target(view, "clubhouse" if name == "story" else "lantern.example")
        return view, collect(sources, view, [target])


def event(lang: str = "en") -> Block:
    """The page of Clubhouse, 8 February 2021."""
    view, dossier = kept("story")
    return build(view, dossier, scope_target(view, "clubhouse"), lang=lang)


def rollout(lang: str = "en") -> Block:
    """The page of an event over four networks."""
    view, dossier = kept("rollout")
    return build(view, dossier, scope_event(view, events_of(view)[0]), lang=lang)
