"""What people give by mistake, and what is a result although it looks like one."""

from datetime import date

import pytest
from click.testing import CliRunner

from counter.cli import cli
from counter.errors import ConfigError, SourceError
from counter.evaluate import Request, evaluate
from counter.evaluate.calibrate import calibrate
from counter.evaluate.command import UNMAPPED, request_of
from counter.evaluate.fit import fit
from counter.evaluate.report import CountError
from counter.evaluate.request import Places, occupancy_settings
from counter.evaluate.run import compare
from counter.evaluate.tables import as_text
from counter.settings import LineSettings
from tests.test_evaluate import FPS, Clip, Seer
from tests.test_evaluate_boxes import TYPED
from tests.test_evaluate_tally import BOX, line

INI = "[Sequence]\nimWidth=100\nimHeight=100\nframeRate=10\n"
GOOD = "1,1,20,50,9,30,1,1,1\n"
DAY = date(2026, 3, 1)


@pytest.fixture
def boxes(tmp_path):
    """Files of the challenge in which one person stands for four frames and nobody detects her."""
    (tmp_path / "gt.txt").write_text("".join(f"{n},1,20,50,9,30,1,1,1\n" for n in range(1, 5)))
    (tmp_path / "det.txt").write_text("")
    (tmp_path / "seqinfo.ini").write_text(INI)
    return tmp_path


def asked(folder, **more) -> Request:
    return Request(source="x", detections=folder / "det.txt", labels=folder / "gt.txt", **more)


@pytest.fixture
def two(tmp_path):
    """Two devices with a cell of one name: one tells the truth, the other a hundred."""
    rows = [line(m, 15 + 5 * m) + line(m, 100, device="coach-4") for m in range(12)]
    (tmp_path / "box.jsonl").write_text('online\n{"schema":"counter/info/1"}\n' + "".join(rows))
    eyes = [f"08:{m:02}:30,zone.saloon,{15 + 5 * m}" for m in range(12)]
    (tmp_path / "eye.csv").write_text("\n".join(["time,cell,counted", *eyes]))
    (tmp_path / "box.toml").write_text(BOX)
    return tmp_path


def test_the_configuration_says_whose_counts_are_meant(two):
    said = calibrate(two / "eye.csv", two / "box.jsonl", two / "box.toml", DAY)
    assert "--released: 12 counts are of other devices, passed over" in said
    assert "--released: 2 lines are no counts, passed over" in said
    assert "error  0.0 persons" in said
    (two / "box.toml").write_text(BOX.replace("coach-3", "coach-9"))
    with pytest.raises(SourceError, match="holds no counts of line-7/coach-9") as caught:
        calibrate(two / "eye.csv", two / "box.jsonl", two / "box.toml", DAY)
    assert "line-7/coach-3, line-7/coach-4" in caught.value.hint


def test_counts_of_two_devices_are_not_mixed(two):
    with pytest.raises(SourceError, match="counts of 2 devices") as caught:
        calibrate(two / "eye.csv", two / "box.jsonl", None, DAY)
    assert "--config" in caught.value.hint


def test_a_balance_is_not_fitted(two):
    (two / "eye.csv").write_text("time,cell,counted\n08:00:30,space.hall,20\n")
    (two / "box.jsonl").write_text(line(0, 20, ("space", "hall", "occupancy")))
    with pytest.raises(ConfigError, match="a balance is not fitted") as caught:
        calibrate(two / "eye.csv", two / "box.jsonl", None, DAY)
    assert "at the doors" in caught.value.hint


def test_counts_that_cannot_tell_are_no_agreement():
    pairs = [(15 + 5 * n, (15 + 5 * n) * (0.5 if n % 2 else 1.6)) for n in range(8)]
    with pytest.raises(ConfigError, match="cannot tell") as caught:
        fit("zone.a.occupancy", pairs)
    assert "count more" in caught.value.hint


@pytest.mark.parametrize(
    "row", ["2", "2,1", "2,1,0,0", "2,1,0,0,-9,30,1", "2,1,0,0,9,0,1", "2,1,nan,0,9,30,1",
            "2,1,0,0,inf,30,1", "2,1,0,1e300,9,30,1"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["gt.txt", "det.txt"])
def test_a_row_that_is_no_box_is_named(boxes, name, row):
    (boxes / name).write_text(GOOD + row + "\n")
    with pytest.raises(SourceError, match=rf"{name}: line 2 is not a label"):
        evaluate(asked(boxes))


def test_nobody_detected_is_a_result(boxes):
    report = evaluate(asked(boxes))
    assert report.detector == CountError.of([(1, 0)] * 4)
    (boxes / "counts.csv").write_text("seconds,count\n0,1\n")
    counted = Request(source="x", detections=boxes / "det.txt", labels=boxes / "counts.csv")
    with pytest.raises(ConfigError, match="how many frames"):
        evaluate(counted)
    (boxes / "seqinfo.ini").write_text(INI + "seqLength=6\n")
    assert evaluate(counted).frames == 6


def test_an_empty_truth_points_to_counts(boxes):
    (boxes / "gt.txt").write_text("")
    with pytest.raises(SourceError, match=r"gt\.txt: holds no labels") as caught:
        evaluate(asked(boxes))
    assert "frame,count" in caught.value.hint


def test_a_rate_too_low_names_the_option(boxes):
    with pytest.raises(ConfigError, match=r"--fps: 0\.4 given") as caught:
        evaluate(asked(boxes, fps=0.4))
    assert "cameras." not in caught.value.message + caught.value.hint


@pytest.mark.parametrize("option", [("--frames", "0"), ("--entries", "-1"), ("--exits", "-1")])
def test_numbers_that_cannot_be_are_refused(option):
    done = CliRunner().invoke(cli, ["evaluate", "a.mp4", *option])
    assert done.exit_code == 2
    assert option[0] in done.output


def test_a_configuration_gives_disclosure_and_its_crowd_is_said_to_be_left_out(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(BOX + "[crowd]\n[disclosure]\nthreshold = 40\nrounding = 10\n")
    request = request_of(**TYPED | {"clip": "a.mp4", "settings_file": path, "labels": path})
    assert occupancy_settings(request).disclosure.threshold == 40
    assert request.notes == (UNMAPPED,)


def test_an_interval_that_is_not_known_is_no_zero(tmp_path):
    """Somebody goes down after 35 seconds, and the third interval of ten is dark."""
    tops = [10 if n <= 35 * FPS else 50 for n in range(1, 40 * FPS + 1)]
    (tmp_path / "gt.txt").write_text(
        "".join(f"{n},1,20,{top},9,30,1,1,1\n" for n, top in enumerate(tops, 1))
    )
    down = LineSettings(camera="clip", points=[(0.0, 0.6), (1.0, 0.6)])
    request = Request(
        source="clip.mp4",
        labels=tmp_path / "gt.txt",
        label_size=(100, 100),
        places=Places(zones={}, lines={"door": down}),
        interval_s=10,
    )
    dark = set(range(20 * FPS, 30 * FPS))
    report = compare(request, Clip(40 * FPS, dark=dark), Seer(lambda _: []))
    told = [row.ours for row in report.crossings if row.cell == "line.door.entries"]
    assert told == [0, 0, None, 0]
    assert "line.door.entries: 1 of 4 intervals are not known, left out" in as_text(report)
    assert [row.truth for row in report.crossings if "entries" in row.cell] == [0, 0, 0, 1]
    assert [(row.truth, row.ours) for row in report.lines] == [(1, 0), (0, 0)]
