"""What waits to be sent: never twice, through failures, restarts and kills; bounded; and never in the way."""

import threading
from pathlib import Path

import pytest

from probe.alert import outbox as room
from probe.alert.alert import Alert, Kind, Message
from probe.alert.outbox import FIRST_PAUSE, GIVEN_UP_AFTER, LONGEST_PAUSE, Outbox, SendError

START = 1_612_742_400.0


class KilledError(BaseException):
    """The process ends here."""


class Way:
    """A way out that fails as often as told, and keeps what went out."""

    def __init__(self, name: str = "way", fails: int = 0, *, killed: bool = False) -> None:
        self.name, self.fails, self.killed = name, fails, killed
        self.messages: list[Message] = []

    @property
    def sent(self) -> list[str]:
        """The ids of what went out."""
        return [one.id for one in self.messages]

    def send(self, message: Message) -> None:
        if self.killed:
            raise KilledError
        if self.fails:
            self.fails -= 1
            raise SendError("no route")
        self.messages.append(message)


class Clock:
    """Both clocks, wound by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> float:
        return self.at


def message(
    name: str, kind: Kind = Kind.CONFIRMED, *others: str, vantage: str = "sha-ct", target: str = "t"
) -> Message:
    alerts = tuple(
        Alert(id=each, kind=kind, time="", vantage=vantage, country="CN", asn=1, text=f"text of {each}", target=target)
        for each in (name, *others)
    )
    return Message(
        id=name, kind=kind, time="", vantage=vantage, country="CN", asn=1, title=name, text=name, alerts=alerts
    )


class Post:
    """An outbox on disk that can be killed and started again, with its clock and its notes."""

    def __init__(self, folder: Path, *ways: Way) -> None:
        self.path, self.ways, self.clock, self.notes = folder / "box.json", ways, Clock(), list[str]()
        self.box = self.restart()

    def restart(self) -> Outbox:
        self.box = Outbox(self.path, self.ways, self.notes.append, self.clock, self.clock)
        return self.box


def test_a_message_goes_out_once_by_each_way(tmp_path: Path) -> None:
    one, other = Way("one"), Way("other")
    post = Post(tmp_path, one, other)
    post.box.put([message("a"), message("b")])
    assert post.box.step() is None
    post.box.step()
    assert one.sent == other.sent == ["a", "b"]


@pytest.mark.parametrize("again", ["same process", "restarted"])
def test_what_has_gone_out_does_not_go_out_again(tmp_path: Path, again: str) -> None:
    way = Way()
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    post.box.step()
    if again == "restarted":
        post.restart()
    post.box.put([message("a")])
    post.box.step()
    assert way.sent == ["a"]


def test_of_a_message_played_again_only_the_new_alerts_go_out(tmp_path: Path) -> None:
    way = Way()
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    post.box.step()
    post.box.put([message("a", Kind.CONFIRMED, "b", "c")])
    post.box.step()
    assert [alert.id for alert in way.messages[1].alerts] == ["b", "c"]
    assert "text of a" not in way.messages[1].text


def test_failures_are_tried_again_with_growing_pauses(tmp_path: Path) -> None:
    way = Way(fails=4)
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    pauses = []
    while (due := post.box.step()) is not None:
        pauses.append(due)
        post.clock.at += due
    assert pauses == [FIRST_PAUSE * 2**n for n in range(4)]
    assert way.sent == ["a"]
    assert post.notes[0] == "alert not sent by way: no route; next try in 30 s, 1 waiting"


def test_pauses_have_a_limit_and_the_other_way_is_not_held_up(tmp_path: Path) -> None:
    dead, alive = Way("dead", fails=10**6), Way("alive")
    post = Post(tmp_path, dead, alive)
    post.box.put([message("a")])
    for _ in range(15):
        due = post.box.step()
        assert due is not None
        post.clock.at += due
    assert due == LONGEST_PAUSE
    assert alive.sent == ["a"]


def test_what_waits_survives_a_restart(tmp_path: Path) -> None:
    way = Way(fails=1)
    post = Post(tmp_path, way)
    post.box.put([message("a"), message("b")])
    post.box.step()
    post.restart()
    post.box.step()
    assert way.sent == ["a", "b"]


def test_a_message_is_on_disk_before_anybody_tries_to_send_it(tmp_path: Path) -> None:
    post = Post(tmp_path, Way())
    post.box.put([message("a")])
    assert b'"a"' in post.path.read_bytes()


def test_a_try_cut_off_by_a_kill_is_not_repeated_and_said_to_be_so(tmp_path: Path) -> None:
    way = Way(killed=True)
    post = Post(tmp_path, way)
    post.box.put([message("a"), message("b")])
    with pytest.raises(KilledError):
        post.box.step()
    way.killed = False
    post.restart()
    post.box.step()
    assert way.sent == ["b"]
    assert post.notes == ["alert perhaps not sent by way, the watch was killed meanwhile: a"]


def test_the_queue_is_bounded_and_the_oldest_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST_WAITING", 3)
    way = Way(fails=1)
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    post.box.step()
    post.box.put([message(name) for name in "bcd"])
    post.clock.at += FIRST_PAUSE
    post.box.step()
    assert way.sent == ["b", "c", "d"]
    assert any("alert dropped" in note and note.endswith(": a") for note in post.notes)


def test_what_could_not_be_sent_for_a_week_is_no_news(tmp_path: Path) -> None:
    way = Way(fails=1)
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    post.box.step()
    post.clock.at += GIVEN_UP_AFTER + 1
    post.box.put([message("b")])
    post.box.step()
    assert way.sent == ["b"]


def test_fit_again_calls_off_an_unfit_that_nobody_has_heard_of(tmp_path: Path) -> None:
    """The vantage is offline: nothing can be sent; when it is back, one message says it all."""
    way = Way(fails=1)
    post = Post(tmp_path, way)
    post.box.put([message("unfit", Kind.UNFIT)])
    post.box.step()
    post.box.put([message("fit", Kind.FIT)])
    post.clock.at += FIRST_PAUSE
    post.box.step()
    assert way.sent == ["fit"]


def test_only_the_same_place_and_series_is_called_off(tmp_path: Path) -> None:
    way = Way(fails=1)
    post = Post(tmp_path, way)
    post.box.put([message("s", Kind.SUSPECTED, target="t1"), message("u", Kind.UNFIT, vantage="other")])
    post.box.step()
    post.box.put([message("w", Kind.WITHDRAWN, target="t2"), message("f", Kind.FIT)])
    post.clock.at += FIRST_PAUSE
    post.box.step()
    assert way.sent == ["s", "u", "w", "f"]


def test_a_way_that_is_no_longer_configured_is_owed_nothing(tmp_path: Path) -> None:
    gone, stays = Way("gone", fails=1), Way("stays", fails=1)
    post = Post(tmp_path, gone, stays)
    post.box.put([message("a")])
    post.box.step()
    post.ways = (stays,)
    post.restart()
    assert post.box.step() is None
    assert stays.sent == ["a"]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema":"other/9"}', b"\xff\xfe"])
def test_a_damaged_file_is_told_and_ends_nothing(tmp_path: Path, damage: bytes) -> None:
    way = Way()
    post = Post(tmp_path, way)
    post.path.write_bytes(damage)
    post.restart()
    post.box.put([message("a")])
    post.box.step()
    assert way.sent == ["a"]
    assert "alerts begin anew" in post.notes[0]


def test_a_disk_that_refuses_is_told_and_alerts_go_out_all_the_same(tmp_path: Path) -> None:
    way = Way()
    post = Post(tmp_path / "file" / "below", way)
    (tmp_path / "file").write_text("not a folder")
    post.box.put([message("a")])
    post.box.step()
    assert way.sent == ["a"]
    assert any("cannot be kept" in note for note in post.notes)


def test_a_sender_that_breaks_has_failed_and_gives_nothing_away(tmp_path: Path) -> None:
    class Broken(Way):
        def send(self, message: Message) -> None:
            raise ValueError(f"https://token@secret/{message.id}")

    way = Broken()
    post = Post(tmp_path, way)
    post.box.put([message("a")])
    assert post.box.step() == FIRST_PAUSE
    assert post.notes == ["alert not sent by way: ValueError; next try in 30 s, 1 waiting"]


def test_without_a_way_out_nothing_waits(tmp_path: Path) -> None:
    post = Post(tmp_path)
    post.box.put([message("a")])
    assert len(post.box) == 0


def test_a_slow_sender_holds_nobody_up(tmp_path: Path) -> None:
    entered, release = threading.Event(), threading.Event()

    class Slow(Way):
        def send(self, message: Message) -> None:
            entered.set()
            assert release.wait(30)
            super().send(message)

    way = Slow()
    box = Outbox(tmp_path / "box.json", [way], lambda _note: None)
    box.start()
    box.put([message("a")])
    assert entered.wait(30)
    box.put([message("b")])  # returns while the first is still under way
    assert len(box) == 2
    release.set()
    for _ in range(3000):
        if len(box) == 0:
            break
        threading.Event().wait(0.01)
    box.close()
    assert way.sent == ["a", "b"]
