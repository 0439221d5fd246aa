"""`probe push`: bring this vantage's sealed results to the place where all meet. Reads options; `store.fleet` moves."""

from pathlib import Path
from typing import Annotated

import typer

from probe.cli.console import clean, fail

EndpointUrl = Annotated[
    str | None,
    typer.Option("--endpoint-url", metavar="URL", help="An S3 store that is not AWS's, such as http://127.0.0.1:9000."),
]
Json = Annotated[bool, typer.Option("--json", help="The same as data.")]


def push(
    dest: Annotated[
        str, typer.Argument(metavar="DEST", help="A folder, USER@HOST:PATH, rsync://…, or s3://BUCKET/PREFIX.")
    ],
    results: Annotated[Path, typer.Argument(metavar="RESULTS", help="Results folder.")] = Path("results"),
    endpoint_url: EndpointUrl = None,
    notes: Annotated[bool, typer.Option(help="Send the notes of people too.")] = True,
    json: Json = False,
) -> None:
    """Send what is sealed here and not yet there. May be cut and repeated at any time; nothing half-sent counts.

    Exit code 3: something here is not what was sealed; it was not sent, and `probe verify` says more.
    """
    from probe.cli.moving import move, place_or_fail
    from probe.store.fleet import push as send

    if not results.is_dir():
        fail(f"{clean(str(results))}: no such folder; name the results folder after DEST")
    place = place_or_fail(dest, endpoint_url, results)
    move(lambda moved, heard: send(results, place, moved, heard, notes=notes), place, "sent", json=json)
