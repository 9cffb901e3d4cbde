"""`counter evaluate --tally`: files in, a table to paste out."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from click.testing import CliRunner

from counter import config
from counter.cli import cli
from counter.errors import ConfigError, SourceError
from counter.evaluate.calibrate import calibrate, day_of
from counter.evaluate.tallies import join, read_eyes, read_released

START = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)
BOX = """
site = "line-7"
device = "coach-3"
purpose = "passenger-information"
stdout = true
[cameras.door]
source = "/dev/video0"
[zones.saloon]
camera = "door"
polygon = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
"""


def line(minute, value, cell=("zone", "saloon", "occupancy"), **more):
    kind, name, measure = cell
    said = {
        "schema": "counter/count/1",
        "site": "line-7",
        "device": "coach-3",
        "kind": kind,
        "name": name,
        "measure": measure,
        "interval_start": f"{START + timedelta(minutes=minute):%Y-%m-%dT%H:%M:%SZ}",
        "interval_end": f"{START + timedelta(minutes=minute + 1):%Y-%m-%dT%H:%M:%SZ}",
        "status": "published" if value is not None else "suppressed",
        "value": value,
        "quality": "ok",
    }
    return json.dumps(said | more) + "   \n"  # padded, as the box does


@pytest.fixture
def files(tmp_path):
    """Twelve minutes: the eye counts a quarter more than the box tells; one minute is too few."""
    released = [line(minute, 15 + 5 * minute) for minute in range(12)] + [line(12, None)]
    eyes = [
        f"08:{minute:02}:30,zone.saloon,{round(1.25 * (15 + 5 * minute))}" for minute in range(12)
    ]
    (tmp_path / "box.jsonl").write_text('{"schema":"counter/health/1"}\n' + "".join(released))
    (tmp_path / "eye.csv").write_text(
        "\n".join(["time,cell,counted", *eyes, "08:12:10,zone.saloon,7"])
    )
    (tmp_path / "box.toml").write_text(BOX)
    return tmp_path


def test_the_printed_table_is_a_configuration(files):
    said = calibrate(files / "eye.csv", files / "box.jsonl", files / "box.toml", date(2026, 3, 1))
    assert "1 counts by eye left out: suppressed" in said
    table = said[said.index("[zones.saloon.correction]") :]
    (files / "new.toml").write_text(BOX + "\n" + table)
    found = config.load(files / "new.toml").settings.zones["saloon"].correction
    assert found is not None
    assert found.gain == pytest.approx(1.25, abs=0.01)
    assert (found.power, found.tallies, found.fitted) == (1.0, 12, "2026-03-01")


def test_a_cell_that_is_corrected_already_is_not_fitted_again(files):
    said = calibrate(files / "eye.csv", files / "box.jsonl", None, date(2026, 3, 1))
    (files / "new.toml").write_text(BOX + said[said.index("[zones.saloon.correction]") :])
    with pytest.raises(ConfigError, match="corrected already"):
        calibrate(files / "eye.csv", files / "box.jsonl", files / "new.toml", date(2026, 3, 1))


def test_the_command_line_prints_it_and_names_mistakes(files):
    asked = ["evaluate", "--tally", str(files / "eye.csv"), "--date", "2026-03-01"]
    done = CliRunner().invoke(cli, [*asked, "--released", str(files / "box.jsonl")])
    assert done.exit_code == 0
    assert "[zones.saloon.correction]" in done.output
    alone = CliRunner().invoke(cli, asked)
    assert isinstance(alone.exception, ConfigError)
    assert "--released" in alone.exception.message


def test_both_directions_of_a_line_are_fitted_as_one(tmp_path):
    ways = {"in": "entries", "out": "exits"}
    released = [
        line(minute, 15 + 5 * minute, ("line", "door", measure))
        for minute in range(6)
        for measure in ways.values()
    ]
    eyes = [
        f"2026-03-01T08:{minute:02}:{second}Z,line.door.{way},{15 + 5 * minute - 10 * late}"
        for minute in range(6)
        for way in ways
        for second, late in (("10", 1), ("50", 0))
    ]
    (tmp_path / "box.jsonl").write_text("".join(released))
    (tmp_path / "eye.csv").write_text("\n".join(["time,cell,counted", *eyes]))
    said = calibrate(tmp_path / "eye.csv", tmp_path / "box.jsonl", None, None)
    assert said.count("[lines.door.correction]") == 1
    assert "12 counts by eye" in said  # two of one interval and direction are added up


def test_counts_of_one_interval_are_their_mean(tmp_path):
    (tmp_path / "box.jsonl").write_text(line(0, 20) + line(1, 25, quality="saturated"))
    stamps = ["2026-03-01T08:00:00Z", "2026-03-01T09:00:59+01:00", "2026-03-01T08:01:00Z",
              "2026-03-01T07:00:00Z"]  # fmt: skip
    counts = [f"{stamp},zone.saloon.occupancy,{20 + n}" for n, stamp in enumerate(stamps)]
    (tmp_path / "eye.csv").write_text("\n".join(["time,cell,counted", *counts]))
    eyes = read_eyes(tmp_path / "eye.csv", None)
    found = join(eyes, read_released(tmp_path / "box.jsonl").counts)["zone.saloon.occupancy"]
    assert found.pairs == ((20, 20.5),)
    assert found.left_out == (("nothing was released then", 1), ("saturated", 1))


@pytest.mark.parametrize(
    ("row", "day"),
    [("08:00:00,zone.a,3", None), ("8 o'clock,zone.a,3", date(2026, 3, 1)),
     ("2026-03-01T08:00:00,zone.a,3", None), ("2026-03-01T08:00:00Z,zone.a,3.5", None),
     ("2026-03-01T08:00:00Z,line.a,3", None), ("2026-03-01T08:00:00Z,zone.a", None)],
)  # fmt: skip
def test_a_wrong_row_is_named_with_its_line(tmp_path, row, day):
    path = tmp_path / "eye.csv"
    path.write_text(f"time,cell,counted\n{row}\n")
    with pytest.raises(SourceError, match=r"eye\.csv: line 2"):
        read_eyes(path, day)


def test_what_the_box_never_said_is_named(tmp_path):
    path = tmp_path / "box.jsonl"
    path.write_text(line(0, 20) + '{"schema":"counter/count/1"}\n')
    with pytest.raises(SourceError, match="line 2 is not a released count"):
        read_released(path)
    path.write_text("\nonline\n")
    with pytest.raises(SourceError, match="holds no released counts, 1 lines are something else"):
        read_released(path)
    with pytest.raises(ConfigError, match="is no day"):
        day_of("yesterday")
