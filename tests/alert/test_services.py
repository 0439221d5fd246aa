"""apprise delivering for real, to servers on this machine: what it sends, how it fails, and what it gives away."""

import email
import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from email.policy import default
from urllib.parse import parse_qs

import pytest

pytest.importorskip("apprise", reason="the extra alerts is not installed")

from probe.alert.outbox import SendError
from probe.alert.senders import Service, senders
from tests.alert.services import Heard, Mail, Web, serving, wait_until
from tests.alert.test_senders import message

TEXT = "t<b>x</b>/api on AS4134 (sha-ct): blocked since 8 Feb 10:50–11:00 UTC, forged DNS answer & *more*; see"
TITLE = "probe: clubhouse/api blocked (confirmed), sha-ct"


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web()) as server:
        yield server


def told(web: Web) -> Heard:
    """The one request."""
    [heard] = web.heard
    return heard


def test_json(web: Web) -> None:
    Service(f"json://{web.place}/hook").send(message(TEXT))
    heard = told(web)
    said = json.loads(heard.body)
    assert (said["title"], said["message"], said["type"]) == (TITLE, TEXT, "failure")
    assert heard.path == "/hook"


def test_form(web: Web) -> None:
    Service(f"form://{web.place}/hook").send(message(TEXT))
    said = parse_qs(told(web).body)
    assert (said["title"], said["message"]) == ([TITLE], [TEXT])


def test_ntfy_and_no_picture_for_the_reader_to_fetch(web: Web) -> None:
    Service(f"ntfy://{web.place}/topic").send(message(TEXT))
    heard = told(web)
    said = json.loads(heard.body)
    assert (said["topic"], said["title"], said["message"]) == ("topic", TITLE, TEXT)
    assert "http" not in heard.body + json.dumps(heard.headers).replace("https://localhost", "")


def test_a_text_is_cut_to_what_the_service_takes(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Discord refuses what is longer than 2,000 characters, and would be asked for a week."""
    service = Service(f"json://{web.place}/hook")
    [plugin] = service._to
    monkeypatch.setattr(plugin, "body_maxlen", 200)
    service.send(message("x" * 1000))
    said = json.loads(told(web).body)["message"]
    assert len(said) <= 200
    assert said.endswith("x…")


def test_mail() -> None:
    with serving(Mail()) as mail:
        Service(f"mailto://{mail.place}?from=probe@example.org&to=me@example.org&mode=insecure").send(message(TEXT))
    [heard] = mail.heard
    said = email.message_from_string(heard, policy=default)
    body = said.get_body(("plain", "html"))
    assert (said["Subject"], said["To"]) == (TITLE, "me@example.org")
    assert body is not None
    assert "forged DNS answer & *more*" in body.get_content()


def test_markup_in_a_name_reaches_a_service_that_reads_markup_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram refuses what is no valid HTML, and Slack calls everybody in for a name such as <!channel>."""
    import requests

    sent: list[str] = []

    class Taken:
        status_code, content, text = 200, b'{"ok": true}', "ok"

        def __enter__(self) -> "Taken":
            return self

        def __exit__(self, *_: object) -> None: ...

        def iter_content(self, *_: object) -> list[bytes]:
            return [self.content]

    def taken(*_: object, **told: object) -> Taken:
        sent.append(str(told["data"]))
        return Taken()

    monkeypatch.setattr(requests, "post", taken)
    monkeypatch.setattr(requests, "request", taken)
    for url in ("tgram://123456789:abcdefg_hijklmnop/1231/", "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#x"):
        with suppress(SendError):  # the answer is not that of Slack; what was sent is the question
            Service(url).send(message("<!channel> <b>x</b> on AS4134"))
        assert "&lt;!channel&gt; &lt;b&gt;x&lt;/b&gt; on AS4134" in sent[-1]


@pytest.mark.parametrize(
    ("path", "said"),
    [("500", "the service answered 500"), ("hang?rto=0.3", "no connection to the service, or no answer in time")],
)
def test_a_service_that_fails_is_told_why_and_its_secret_is_not(
    web: Web, caplog: pytest.LogCaptureFixture, path: str, said: str
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(SendError) as failed:
        Service(f"json://user:hunter2@{web.place}/{path}").send(message(TEXT))
    assert str(failed.value) == said
    assert "hunter2" not in caplog.text
    assert len(web.heard) == 1  # the outbox tries again, apprise does not


def test_a_service_that_is_not_there() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # held, and nobody listens
        service = Service(f"json://127.0.0.1:{held.getsockname()[1]}/")
        with pytest.raises(SendError, match="no connection to the service"):
            service.send(message())


def test_a_service_that_drips_is_given_up_and_no_second_try_begins_beside_the_first(web: Web) -> None:
    service = Service(f"json://{web.place}/drip", seconds=0.5)
    with pytest.raises(SendError, match="took longer than"):
        service.send(message())
    with pytest.raises(SendError, match="the try before is still under way"):
        service.send(message())
    assert len(web.heard) == 1
    web.over.set()
    busy = service._busy
    assert busy is not None
    wait_until(lambda: not busy.is_alive())


def test_a_plugin_that_raises_has_failed_and_its_words_are_kept_back(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service("json://127.0.0.1:9/")

    def broken(**_: object) -> bool:
        raise ValueError("https://token@secret/")

    monkeypatch.setattr(service._to, "notify", broken)
    with pytest.raises(SendError, match=r"^ValueError$"):
        service.send(message())


def test_a_watch_without_urls_does_not_import_apprise() -> None:
    program = (
        "import sys\n"
        "from probe.alert.senders import senders\n"
        "import probe.cli.alerting, probe.alert.outbox, probe.alert.alerts\n"
        "senders([], 'true')\n"
        "print({'apprise', 'requests'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_the_same_url_twice_is_one_service() -> None:
    assert len(senders(["json://127.0.0.1/a", "json://127.0.0.1/a"], None)) == 1
