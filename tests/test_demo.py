"""`counter demo`: the main job with nothing but the package, over real brokers, and its table."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from counter.cells import Cell
from counter.demo.scenes import DEMO_ZONES
from counter.demo.table import Board, line, plain
from counter.outputs.schema import schemas
from counter.outputs.wire import encode_count
from counter.release import ZoneCount
from tests.broker import Mosquitto, needs_mosquitto
from tests.commands import ROOT, assert_mistake, counter, film
from tests.deliveries import retained
from tests.releases import BARE, ENTRIES, ZONE, missing, published, suppressed

SCHEMAS = schemas()
TOLD = re.compile(r"\d+\+?|<11|no data")  # what a cell of the column "persons" may say


def rows(table: str) -> dict[str, list[str]]:
    """The table's rows by their first column; the last one of a name wins."""
    cut = ([part.strip() for part in row.split("│")[1:-1]] for row in table.splitlines())
    return {cells[0]: cells[1:] for cells in cut if len(cells) == 5}


class TestCommand:
    def test_it_brings_its_own_broker_and_ends_by_itself(self) -> None:
        done = counter("demo", "--seconds", "31", timeout_s=300)
        assert done.returncode == 0, done.stderr
        assert "publishing to mqtt://127.0.0.1:" in done.stderr
        assert "Traceback" not in done.stderr
        told = rows(done.stdout)
        assert set(told) == {f"{zone} occupancy" for zone in DEMO_ZONES["platform"]}
        for name, (persons, _fill, level, times) in told.items():
            assert TOLD.fullmatch(persons)
            assert re.fullmatch(r"\d\d:\d\d:(00|30) to \d\d:\d\d:(00|30)", times)
            assert level
            # Where there is no terminal, each count is a line as it comes, and the table follows.
            shown_so = rf"^\S+  {name} +{re.escape(persons)}  {level}$"
            assert re.search(shown_so, done.stdout, re.MULTILINE)

    @needs_mosquitto
    @pytest.mark.broker
    def test_who_comes_late_is_told_everything_until_ctrl_c_and_after(self, tmp_path: Path) -> None:
        root = "counter/v1/demo/platform/"
        cells = {f"{root}zone/{zone}/occupancy" for zone in DEMO_ZONES["platform"]}
        every = cells | {f"{root}{tail}" for tail in ("status", "info", "health")}
        with Mosquitto(tmp_path) as broker, running("--mqtt", broker.url) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            first = process.stdout.readline()  # comes with the first release
            assert TOLD.search(first), process.stderr.read()
            seen = retained(broker, every)
            process.send_signal(signal.SIGINT)
            output, errors = process.communicate(timeout=60)
            left = retained(broker, every)
        assert process.returncode == 0, errors
        assert "Traceback" not in errors
        assert len(rows(output)) == len(cells)
        assert seen.keys() == left.keys() == every
        assert seen[f"{root}status"] == b"online"
        assert left[f"{root}status"] == b"offline"
        for topic in every - {f"{root}status"}:
            for payload in (seen[topic], left[topic]):
                name = "count" if topic in cells else topic.removeprefix(root)
                jsonschema.validate(json.loads(payload), SCHEMAS[name])

    def test_a_film_of_nobody_on_a_terminal(self, tmp_path: Path) -> None:
        path = film(tmp_path / "film.avi", seconds=32)
        shown, code = on_a_terminal("demo", "--seconds", "31", "--video", str(path))
        assert code == 0, shown
        assert "\x1b[" in shown  # the live table was drawn and drawn again
        assert "Traceback" not in shown
        assert rows(shown)["everywhere occupancy"][0] == "<11"
        assert "counts released: 1" in shown

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (["--video", "nowhere.mp4"], ["nowhere.mp4", "does not exist"]),
            (["--video", "a.mp4", "--source", "b.mp4"], ["--video", "--source"]),
        ],
        ids=["missing", "both"],
    )
    def test_a_mistake(self, words: list[str], said: list[str]) -> None:
        assert_mistake(counter("demo", *words), *said)


@contextmanager
def running(*words: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that would go on for a day; ended at the latest with the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "counter", "demo", "--seconds", "86400", *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def on_a_terminal(*words: str) -> tuple[str, int]:
    """Run the command with a terminal for its output; give what was shown, and the exit code."""
    ours, theirs = pty.openpty()
    shown = bytearray()
    with (
        closing(os.fdopen(ours, "rb", buffering=0)) as screen,
        subprocess.Popen(
            [sys.executable, "-m", "counter", *words],
            cwd=ROOT,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "120"},
            stdout=theirs,
            stderr=theirs,
        ) as process,
    ):
        os.close(theirs)
        try:
            while part := screen.read(4096):
                shown += part
        except OSError:  # EIO: the other end has closed, as Linux says it
            pass
        code = process.wait(timeout=60)
    return shown.decode(), code


def payload(count: ZoneCount) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(encode_count(count))
    return decoded


def shown(*counts: ZoneCount) -> list[str]:
    """Persons, fill, level and times of the last row for these messages of one cell."""
    board = Board("title")
    for count in counts:
        board.take("zone", payload(count))
    (cells,) = [cells for name, cells in rows(plain(board)).items() if name != "cell"]
    return cells


class TestTable:
    def test_a_published_count_is_its_number_a_bar_and_a_word(self) -> None:
        persons, fill, level, times = shown(published(ZONE, 1, 25))
        assert persons == "25"
        assert fill == "█" * 3 + "░" * 9 + "  25 %"
        assert level == "few seats available"
        assert times == "00:01:00 to 00:02:00"

    def test_a_small_count_is_a_bound(self) -> None:
        assert shown(suppressed(ZONE, 1))[0] == "<11"
        assert "<11" in line(payload(suppressed(ZONE, 1)))

    def test_what_is_not_known_is_no_data(self) -> None:
        persons, _, level, _ = shown(missing(ZONE, 1))
        assert persons == "no data"
        assert level == "no data available"
        assert "no data" in line(payload(missing(ZONE, 1)))

    @pytest.mark.parametrize("cell", [ZONE, BARE, ENTRIES], ids=["zone", "bare", "line"])
    @pytest.mark.parametrize("make", [suppressed, missing])
    def test_neither_is_ever_a_zero(self, make: Any, cell: Cell) -> None:
        persons, fill, level, _ = shown(make(cell, 1))
        assert "0" not in persons + fill + level
        assert set(fill) == {"·"}
        assert "0" not in line(payload(make(cell, 1))).partition("  ")[2]

    def test_more_than_full_does_not_burst_the_bar(self) -> None:
        assert shown(published(ZONE, 1, 145))[1] == "█" * 12 + " 145 %"

    def test_a_message_that_comes_twice_is_one_release(self) -> None:
        board = Board("title")
        taken = [board.take("zone", payload(published(ZONE, 1, 25))) for _ in range(2)]
        assert (taken, board.releases) == ([True, False], 1)

    def test_an_older_message_does_not_replace_a_newer_one(self) -> None:
        assert shown(published(ZONE, 2, 25), published(ZONE, 1, 95))[0] == "25"
        assert shown(published(ZONE, 1, 95), missing(ZONE, 2))[0] == "no data"

    def test_before_the_first_release_it_says_that_it_waits(self) -> None:
        assert "waiting for the first interval" in plain(Board("title"))
