"""`probe pull`: fetch the results of all vantage points from where they meet. Reads options; `store.fleet` moves."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli.push import EndpointUrl, Json


def pull(
    src: Annotated[
        str, typer.Argument(metavar="SRC", help="A folder, USER@HOST:PATH, rsync://…, or s3://BUCKET/PREFIX.")
    ],
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Results folder to fetch into.")] = Path("results"),
    endpoint_url: EndpointUrl = None,
    json: Json = False,
) -> None:
    """Fetch what is sealed there and not yet here, each file checked against its seal before it is put in place.

    May be cut and repeated at any time. Exit code 3: something there is not what was sealed, and was not taken.
    """
    from probe.cli.moving import move, place_or_fail
    from probe.store.fleet import pull as fetch

    place = place_or_fail(src, endpoint_url, results)
    move(lambda moved, heard: fetch(place, results, moved, heard), place, "fetched", json=json)
