"""A simulated month through journal, ledger, alerts, outbox and report: outages, clock jumps, kills. The onsets must be
exactly the script's, each told once."""

from pathlib import Path

import msgspec
import pytest

from probe.alert.alert import Alert, Message
from probe.alert.alerts import Alerts
from probe.alert.catchup import catch_up, unread
from probe.alert.memory import LEDGER, Memory, load, save
from probe.alert.outbox import OUTBOX, Outbox, SendError
from probe.model.clock import rfc3339
from probe.model.codec import encode_line
from probe.model.diagnosis import Fitness
from probe.model.episode import EpisodeState
from probe.model.measurement import Measurement
from probe.report.dating import dater
from probe.report.gather import gather
from probe.store.journal import Journal
from probe.store.layout import find, run_path
from probe.store.reader import Tally, rows
from tests.alert.story import run_of
from tests.soak.month import EVERY, NAMES, OFFLINE, STUCK, Measured, Month


class KilledError(BaseException):
    """The process ends here."""


class People:
    """Who is told. They cannot be reached while the vantage is offline; `deadly` kills the watch as it tells them."""

    name = "people"

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.reachable = True
        self.deadly = 0

    def send(self, message: Message) -> None:
        if not self.reachable:
            raise SendError("no route")
        self.heard.append(message)
        if len(self.heard) == self.deadly:
            raise KilledError

    def alerts(self, kind: str) -> list[Alert]:
        return [alert for message in self.heard for alert in message.alerts if alert.kind == kind]


class Process:
    """The watch as far as alerts go: everything it knows dies with it, but for what is on disk."""

    def __init__(self, results: Path, month: Month, people: People, at: int) -> None:
        self.results, self.month, self.people, self.at = results, month, people, at
        self.folder = results / "sha-ct"
        memory = load(self.folder / LEDGER)
        known = memory or Memory()
        files = unread(results, "sha-ct", known, month.wall(at))
        self.alerts = Alerts(known, every=EVERY, results=results)
        missed, _ = catch_up(self.alerts, "sha-ct", files)
        self.box = Outbox(self.folder / OUTBOX, [people], lambda _note: None, self.true, self.true)
        self.box.put(missed if memory is not None else [])

    def true(self) -> float:
        return self.month.true_time(self.at)

    def run(self, killed_after: int | None) -> None:
        """One run; killed after so many lines, the next one torn."""
        made = self._measurements()
        path = run_path(self.results, "sha-ct", made[0].run_id)
        with Journal(path, sync=lambda _fd: None) as journal:
            for number, one in enumerate(made):
                if number == killed_after:
                    break
                journal.append(one)
                name = f"{one.target}/{one.endpoint}"
                self.month.measured[name].append(Measured(self.at, self._wall(), self.month.sign(name, self.at)))
                self.box.put(self.alerts.measured(one))
        if killed_after is not None:
            with path.open("ab") as torn:
                torn.write(encode_line(made[-1])[:100])
            raise KilledError
        self.box.put(self.alerts.run_finished("sha-ct"))
        save(self.folder / LEDGER, self.alerts.remember())

    def send(self) -> None:
        self.box.step()

    def wait(self) -> None:
        """The watch waits for the next slot, and ticks."""
        for second in range(0, int(EVERY), 60):
            self.box.put(self.alerts.tick(self._wall() + second))

    def _wall(self) -> float:
        return self.month.wall(self.at)

    def _measurements(self) -> list[Measurement]:
        made = run_of({name: self.month.sign(name, self.at) for name in NAMES}, self._wall(), token=self.at)
        wrong = self.month.clock_wrong(self.at)
        return [msgspec.structs.replace(one, fitness=Fitness.CLOCK_WRONG) if wrong else one for one in made]


def lived(results: Path, month: Month, people: People) -> None:
    """The whole month."""
    process: Process | None = None
    for at in month.slots():
        people.reachable = not any(stretch.holds(at) for stretch in OFFLINE)
        try:
            if process is None:
                process = Process(results, month, people, at)
            process.at = at
            if not STUCK.holds(at):
                process.run(month.dice.randrange(len(NAMES)) if at in month.kills else None)
            process.send()
            process.wait()
            process.send()
        except KilledError:
            process = None


def told(alerts: list[Alert], edge: str) -> list[tuple[str, str, str]]:
    """Endpoint and interval of each alert, as the script has them."""
    found = []
    for one in alerts:
        between = getattr(one, edge)
        found.append((f"{one.target}/{one.endpoint}", between.earliest or "", between.latest))
    return sorted(found)


def reported(results: Path) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]], Tally]:
    """The confirmed onsets and ends that `probe report` finds in the same files."""
    tally = Tally()
    gathered = gather(rows(find([str(results)]).sources, tally))
    dated = dater(gathered.series, "UTC")
    onsets, ends = [], []
    for key, series in gathered.series.items():
        for one in dated(series):
            if one.state == EpisodeState.CONFIRMED:
                name = f"{key.target}/{key.endpoint}"
                onsets.append((name, rfc3339(one.onset.earliest or 0.0), rfc3339(one.onset.latest)))
                if one.end is not None:
                    ends.append((name, rfc3339(one.end.earliest or 0.0), rfc3339(one.end.latest)))
    return sorted(onsets), sorted(ends), tally


@pytest.mark.parametrize("seed", [1, 2])
def test_a_month_gives_the_scripts_onsets_each_told_once(tmp_path: Path, seed: int) -> None:
    month, people = Month(seed), People()
    people.deadly = 4
    lived(tmp_path, month, people)

    assert told(people.alerts("confirmed"), "onset") == month.expected_onsets()
    assert told(people.alerts("ended"), "end") == month.expected_ends()
    ids = [alert.id for message in people.heard for alert in message.alerts]
    assert len(ids) == len(set(ids))
    blocked = {name for name, _, _ in month.expected_onsets()}
    assert {f"{one.target}/{one.endpoint}" for one in people.alerts("suspected")} <= blocked
    assert people.alerts("withdrawn") == []
    assert (len(people.alerts("overdue")), len(people.alerts("resumed"))) == (1, 1)

    onsets, ends, tally = reported(tmp_path)
    assert onsets == month.expected_onsets()
    assert ends == month.expected_ends()
    assert tally.torn + tally.malformed >= len(month.kills) // 2  # the kills were real
    assert tally.records == sum(map(len, month.measured.values()))


def test_what_is_kept_of_a_month_is_no_more_than_of_a_week(tmp_path: Path) -> None:
    month, people, sizes = Month(3), People(), []
    process = Process(tmp_path, month, people, 0)
    for at in month.slots():
        process.at = at
        process.run(None)
        if at % 504 == 503:  # a week
            sizes.append((tmp_path / "sha-ct" / LEDGER).stat().st_size)
    assert max(sizes) < 1.6 * sizes[0]
