"""The gain of a density map, from counts by eye: fitted, printed, and what it does when pasted."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from counter import check, config
from counter.crowds import Crowds
from counter.disclosure import Gate
from counter.errors import ConfigError
from counter.evaluate.calibrate import calibrate
from counter.evaluate.gain import fit_gain
from counter.interval import interval_at
from counter.people import Crowd
from counter.release import Quality
from counter.tally import Tally
from tests.test_evaluate_tally import BOX, line

DAY = date(2026, 3, 1)
STAGE = BOX.replace("saloon", "stage") + "\n[crowd]\nabove = 15\n"


def written(folder, truths, *, gain=1.0, mapped=1.4, tracked=1.0, few=30) -> tuple[Path, Path]:
    """A map that sees 1 / mapped of everybody and a tracker that sees 1 / tracked."""
    rows, eyes = [], []
    for minute, truth in enumerate(truths):
        by_map = truth >= few
        seen = truth / mapped * gain if by_map else truth / tracked
        method = "density/1" if by_map else "tracks/2"
        rows.append(
            line(minute, round(seen / 5) * 5, ("zone", "stage", "occupancy"), method=method)
        )
        eyes.append(f"08:{minute:02}:30,zone.stage,{truth}")
    (folder / "box.jsonl").write_text("".join(rows))
    (folder / "eye.csv").write_text("\n".join(["time,cell,counted", *eyes]))
    return folder / "eye.csv", folder / "box.jsonl"


def pasted(folder, said, box=STAGE):
    """The configuration with the printed tables, without the gains that they replace."""
    (folder / "new.toml").write_text(box.partition("[crowd.gains]")[0] + "\n" + tables(said))
    return config.load(folder / "new.toml").settings


def tables(said):
    keys = ("[", "gain = ", "power = ", "error = ", "tallies = ", "fitted = ", "stage = ", "hall =")
    return "\n".join(row for row in said.splitlines() if row.startswith(keys))


def asked(folder, files, box=STAGE):
    (folder / "box.toml").write_text(box)
    return calibrate(files[0], files[1], folder / "box.toml", DAY)


def test_the_printed_gain_is_a_configuration_with_its_error_and_date(tmp_path):
    said = asked(tmp_path, written(tmp_path, range(40, 140, 5)))
    found = pasted(tmp_path, said)
    assert found.crowd is not None
    assert found.crowd.gains["stage"] == pytest.approx(1.4, abs=0.03)
    by = found.zones["stage"].correction
    assert by is not None
    assert (by.gain, by.power, by.tallies, by.fitted) == (1.0, 1.0, 20, "2026-03-01")
    assert 0.5 < by.error < 3.5  # what rounding to 5 leaves, times the gain
    assert "20 counts by eye fitted, 20 were beside the map" in said
    (gain,) = found.crowd.gains.values()
    assert any(line.endswith(f"times {gain:g}") for line in check._corrections(found))


def test_it_multiplies_the_gain_in_force_and_keeps_those_of_other_zones(tmp_path):
    hall = "[zones.hall]\ncamera = 'door'\npolygon = [[0.6, 0.0], [1.0, 0.0], [1.0, 1.0]]\n"
    box = STAGE.replace("[1.0, 0.0], [1.0, 1.0]", "[0.5, 0.0], [0.5, 1.0]")
    box = box.replace("[crowd]", hall + "[crowd]") + "[crowd.gains]\nstage = 1.1\nhall = 2.0\n"
    said = asked(tmp_path, written(tmp_path, range(40, 140, 5), gain=1.1), box)
    assert "hall = 2.0" in said
    found = float(said.split("stage = ")[1].split()[0])
    assert found == pytest.approx(1.4, abs=0.03)


def test_what_the_tracker_counted_is_the_corrections_and_both_end_at_the_eye(tmp_path):
    """A tracker that misses a fifth and a map that misses two fifths, both at busy times."""
    truths = [*range(18, 60, 3), *range(60, 140, 5)]
    said = asked(tmp_path, written(tmp_path, truths, mapped=1.6, tracked=1.25, few=60))
    found = pasted(tmp_path, said)
    assert found.crowd is not None
    by, gain = found.zones["stage"].correction, found.crowd.gains["stage"]
    assert by is not None
    assert by.gain == pytest.approx(1.25, abs=0.03)
    assert gain * by.gain == pytest.approx(1.6, abs=0.04)
    assert by.tallies == len(truths)


def test_the_pasted_gain_brings_a_map_to_the_eye_through_switch_and_gate(tmp_path):
    """From the map's sums to the released number: 80 people of whom the map shows 57."""
    settings = pasted(tmp_path, asked(tmp_path, written(tmp_path, range(40, 140, 5))))
    assert settings.crowd is not None
    over = Crowds(settings.zones, (), settings.crowd)
    sums = np.full((2, 2), 80 / 1.4 / 4, np.float32)
    persons = over.count(np.array([9]), 0, Crowd(sums, 0))
    interval = interval_at(datetime(2026, 3, 1, 8, tzinfo=UTC), 60)
    gate = Gate(settings)
    (told,) = gate.release(
        [Tally(gate.cells[0], interval, int(persons[0]), 1.0, method="density/1")]
    )
    assert (told.value, told.method, told.quality) == (80, "density/1", Quality.OK)


def test_counts_that_agree_leave_the_gain_as_it_is(tmp_path):
    said = asked(tmp_path, written(tmp_path, range(40, 140, 5), mapped=1.0))
    assert "it stays as it is" in said
    assert "stage = 1.0" in said


def test_few_counts_beside_the_tracker_leave_the_correction_at_one(tmp_path):
    said = asked(tmp_path, written(tmp_path, [20, 25, *range(40, 140, 5)], tracked=1.25))
    assert "the numbers stay as they are: zone.stage.occupancy, by the tracker: 2 counts" in said
    assert "[zones.stage.correction]\ngain = 1.0\n" in said


def test_few_counts_beside_the_map_leave_its_numbers_as_they_are(tmp_path):
    """What the tracker's correction adds to the map's numbers, too, the gain takes off again."""
    truths = [*range(20, 80, 3), 90, 100]
    said = asked(tmp_path, written(tmp_path, truths, mapped=1.0, tracked=1.25, few=85))
    assert "the numbers stay as they are: zone.stage.occupancy, by the map: 2 counts" in said
    found = pasted(tmp_path, said)
    assert found.crowd is not None
    by = found.zones["stage"].correction
    assert by is not None
    assert by.gain == pytest.approx(1.25, abs=0.02)
    assert by.gain * found.crowd.gains["stage"] == pytest.approx(1, abs=0.001)
    assert by.tallies == 20


def test_what_cannot_be_fitted_is_said(tmp_path):
    files = written(tmp_path, range(40, 140, 5))
    with pytest.raises(ConfigError, match="multiplies the one in force"):
        calibrate(*files, None, DAY)
    with pytest.raises(ConfigError, match="at least 8 expected"):
        asked(tmp_path, written(tmp_path, range(40, 60, 5)))
    mapped = [(5 * n, 10.0 * n) for n in range(4, 20)]
    with pytest.raises(ConfigError, match="would need a gain of 6"):
        fit_gain("zone.stage.occupancy", (), mapped, in_force=3.0, base=5.0)


def test_a_zone_that_is_corrected_is_not_fitted_but_a_documented_error_may_be_renewed(tmp_path):
    files = written(tmp_path, range(40, 140, 5))
    table = "[zones.stage.correction]\ngain = {}\nerror = 2.0\ntallies = 9\nfitted = '2026-01-01'\n"
    with pytest.raises(ConfigError, match="corrected already"):
        asked(tmp_path, files, STAGE + table.format("1.2"))
    assert "[crowd.gains]" in asked(tmp_path, files, STAGE + table.format("1.0"))


def test_a_group_of_which_a_map_counted_a_part_is_left_out(tmp_path):
    rows = [line(m, 50, ("group", "train", "occupancy"), method="density/1") for m in range(9)]
    (tmp_path / "box.jsonl").write_text("".join(rows))
    eyes = [f"08:{m:02}:30,group.train.occupancy,60" for m in range(9)]
    (tmp_path / "eye.csv").write_text("\n".join(["time,cell,counted", *eyes]))
    with pytest.raises(ConfigError, match="0 counts by eye meet"):
        calibrate(tmp_path / "eye.csv", tmp_path / "box.jsonl", None, DAY)
