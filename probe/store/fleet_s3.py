"""A bucket of S3, or of a store that speaks like it, as a place. fsspec and s3fs (extra `probe[s3]`) do the storing.

Credentials are found where AWS's tools find them (environment, `~/.aws`, the machine's role) and are never ours to see.
An object is there when it is whole: S3 shows nothing of an upload that was cut.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from probe.store.durable import hidden
from probe.store.fleet import PlaceError

_WAIT = {"connect_timeout": 15, "read_timeout": 60, "retries": {"max_attempts": 4, "mode": "standard"}}


class Bucket:
    """The place `s3://bucket/prefix`; `endpoint` is the URL of a store that is not AWS's."""

    batch = 32

    def __init__(self, url: str, endpoint: str | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "s3" or not parts.netloc or parts.query or parts.fragment or "@" in parts.netloc:
            raise PlaceError(f"{url!r} names no bucket; write s3://BUCKET/PREFIX")
        if endpoint is not None and (urlsplit(endpoint).scheme not in ("http", "https") or "@" in endpoint):
            raise PlaceError("--endpoint-url is no plain https:// URL; credentials belong in the environment")
        self.name = url
        self._root = f"{parts.netloc}{parts.path}".rstrip("/")
        self._store = _store(endpoint)

    def names(self) -> Mapping[str, int]:
        """The objects that are there."""
        with self._told():
            found = self._store.find(self._root, detail=True)
        start = f"{self._root}/"
        return {key.removeprefix(start): int(each["size"]) for key, each in found.items() if key.startswith(start)}

    def put(self, root: Path, names: Sequence[str], *, ordered: bool = False) -> None:
        """Upload files, many at a time unless their order counts."""
        for some in [[name] for name in names] if ordered else [names] if names else []:
            with self._told():
                self._store.put([str(root / name) for name in some], [f"{self._root}/{name}" for name in some])

    def get(self, names: Sequence[str], root: Path) -> None:
        """Download files, each under a hidden name until it is whole."""
        places = [root / name for name in names]
        with self._told():
            for place in places:
                place.parent.mkdir(parents=True, exist_ok=True)
            if names:
                self._store.get([f"{self._root}/{name}" for name in names], [str(hidden(place)) for place in places])
            for place in places:
                hidden(place).replace(place)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Whatever the library raises, as a PlaceError in a line."""
        from botocore.exceptions import (  # type: ignore[import-untyped]
            BotoCoreError,
            ClientError,
            NoCredentialsError,
        )

        try:
            yield
        except NoCredentialsError as error:
            fix = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write ~/.aws/credentials"
            raise PlaceError(f"{self.name}: no credentials; {fix}") from error
        except (OSError, BotoCoreError, ClientError) as error:
            what = " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__
            raise PlaceError(f"{self.name}: {what}") from error


def _store(endpoint: str | None) -> Any:
    try:
        import fsspec  # type: ignore[import-untyped]
        import s3fs  # type: ignore[import-untyped]  # noqa: F401 - asked for here: its absence is told as such
    except ImportError:
        raise PlaceError("s3:// needs one more package: pip install 'probe[s3]'") from None
    return fsspec.filesystem(
        "s3", endpoint_url=endpoint, config_kwargs=dict(_WAIT), use_listings_cache=False, skip_instance_cache=True
    )
