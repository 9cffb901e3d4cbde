"""The figures of a report beside a computation that shares no code with it, and trackeval's own."""

import json
from collections import Counter

import numpy as np
import pytest
from numpy.testing import assert_allclose

from counter.evaluate import Request, bench, evaluate
from counter.evaluate.report import CountError
from counter.evaluate.request import Places
from counter.evaluate.scores import Recorder
from counter.lines import Lines
from counter.people import Detections, Direction, TrackState
from counter.settings import LineSettings, ZoneSettings
from counter.tracking import Tracker

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
RIGHT = [(1 - x, y) for x, y in LEFT]
INI = "[Sequence]\nimWidth=100\nimHeight=100\nframeRate=10\nseqLength=4\n"


def figures(truth, ours):
    """MAE, RMSE and bias, in three lines."""
    off = np.array(ours, float) - np.array(truth, float)
    return np.abs(off).mean(), np.sqrt((off**2).mean()), off.mean()


def told(error: CountError | None):
    assert error is not None
    return error.mae, error.rmse, error.bias


def test_by_hand(tmp_path):
    """Truth 2, 2, 2, 2; boxes 1, 2, 3, 4: off by -1, 0, 1, 2."""
    (tmp_path / "gt.txt").write_text(
        "".join(f"{n},{who},{20 * who},50,9,30,1,1,1\n" for n in range(1, 5) for who in (1, 2))
    )
    (tmp_path / "det.txt").write_text(
        "".join(f"{n},-1,{20 * at},50,9,30,0.9\n" for n in range(1, 5) for at in range(n))
    )
    (tmp_path / "seqinfo.ini").write_text(INI)
    report = evaluate(
        Request(source="x", detections=tmp_path / "det.txt", labels=tmp_path / "gt.txt")
    )
    assert told(report.detector) == pytest.approx((1.0, np.sqrt(6 / 4), 0.5))
    # A person counts from the second detection on: 0, 1, 2, 3.
    assert told(report.occupancy) == pytest.approx((1.0, np.sqrt(6 / 4), -0.5))


@pytest.fixture
def pets(shared):
    return shared / "data/mot/PETS09-S2L1"


def standing(rows, left):
    """How many boxes of each frame stand in the left half of the picture, or in the right one."""
    foot = (rows[:, 2] + rows[:, 4] / 2) / 768
    return Counter(rows[(foot < 0.5) == left, 0].astype(int).tolist())


def test_occupancy_on_a_real_sequence(pets):
    zones = {
        name: ZoneSettings(camera="clip", polygon=ring)
        for name, ring in (("left", LEFT), ("right", RIGHT))
    }
    request = Request(
        source="pets",
        detections=pets / "det.txt",
        labels=pets / "gt.txt",
        places=Places(zones=zones, lines={}),
    )
    report = evaluate(request)
    gt = np.loadtxt(pets / "gt.txt", delimiter=",", ndmin=2)
    gt = gt[gt[:, 6] == 1]
    det = np.loadtxt(pets / "det.txt", delimiter=",", ndmin=2)
    det = det[det[:, 6] >= request.model.confidence]
    frames = range(int(gt[:, 0].min()), int(gt[:, 0].max()) + 1)
    for found, left in zip(report.zones, (True, False), strict=True):
        truth, seen = standing(gt, left), standing(det, left)
        pairs = [(truth[n], seen[n]) for n in frames]
        assert found.detected is not None
        assert found.detected.frames == len(pairs) == 795
        assert told(found.detected) == pytest.approx(figures(*zip(*pairs, strict=True)))


def test_lines_on_a_real_sequence(pets):
    """Ours: tracker and lines alone, without intervals and tallies. Truth: counting_truth.json."""
    line = LineSettings(camera="clip", points=[(477 / 768, 1.0), (477 / 768, 0.0)])
    request = Request(
        source="pets",
        detections=pets / "det.txt",
        labels=pets / "gt.txt",
        interval_s=10,
        places=Places(zones={}, lines={"v": line}),
    )
    report = evaluate(request)
    counted = json.loads((pets / "counting_truth.json").read_text())["line_totals"]["v"]
    tracker = Tracker(request.tracker, request.model.confidence)
    lines = Lines({"v": line}, request.tracker.max_tracks)
    det = np.loadtxt(pets / "det.txt", delimiter=",", ndmin=2)
    ways: Counter[Direction] = Counter()
    for frame in range(795):
        rows = det[det[:, 0] == frame + 1]
        boxes = np.hstack((rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6])) / (768, 576, 768, 576)
        score = rows[:, 6].astype(np.float32)
        seen = Detections(boxes.astype(np.float32), score, round(frame * 1e9 / 7), 768 / 576, 576)
        ways.update(crossing.direction for crossing in lines.update(tracker.update(seen)))
    assert [(row.truth, row.ours) for row in report.lines] == [
        (counted["+"], ways[Direction.IN]),
        (counted["-"], ways[Direction.OUT]),
    ]
    for row in report.lines:
        rows_of = [one for one in report.crossings if one.cell == f"line.v.{row.measure}"]
        assert row.truth == sum(one.truth or 0 for one in rows_of)
        assert row.ours == sum(one.ours or 0 for one in rows_of)


class Writing(Recorder):
    """Writes the tracks as the challenge's files want them."""

    rows: list[str] = []  # noqa: RUF012
    size = (0, 0)

    def observe(self, frame, tracks):
        super().observe(frame, tracks)
        width, height = self.size
        for slot, state, box in zip(tracks.slot, tracks.state, tracks.xyxy, strict=True):
            if state != TrackState.CONFIRMED:
                continue
            left, top, right, bottom = box.astype(float) * (width, height, width, height)
            who = self._number[int(slot)] + 1
            cells = f"{left:.6f},{top:.6f},{right - left:.6f},{bottom - top:.6f}"
            self.rows.append(f"{frame + 1},{who},{cells},1,-1,-1,-1")


@pytest.mark.parametrize(
    "case",
    [("TUD-Campus", (640, 480), "MOT15"), ("MOT17-02", (1920, 1080), "MOT17")],
    ids=lambda case: case[0],
)
def test_scores_are_those_of_trackeval_on_the_same_files(shared, tmp_path, monkeypatch, case):
    """Through its reader of MOT files and its own treatment of distractors."""
    trackeval = pytest.importorskip("trackeval")
    name, size, rules = case
    folder = shared / "data/mot" / name
    monkeypatch.setattr(Writing, "rows", [])
    monkeypatch.setattr(Writing, "size", size)
    monkeypatch.setattr(bench, "Recorder", Writing)
    report = evaluate(Request(source=name, detections=folder / "det.txt", labels=folder / "gt.txt"))
    (tmp_path / "gt" / name / "gt").mkdir(parents=True)
    (tmp_path / "gt" / name / "gt" / "gt.txt").write_bytes((folder / "gt.txt").read_bytes())
    (tmp_path / "ours" / "data").mkdir(parents=True)
    (tmp_path / "ours" / "data" / f"{name}.txt").write_text("\n".join(Writing.rows))
    data = trackeval.datasets.MotChallenge2DBox(
        {
            "GT_FOLDER": str(tmp_path / "gt"), "TRACKERS_FOLDER": str(tmp_path),
            "TRACKERS_TO_EVAL": ["ours"], "BENCHMARK": rules, "SKIP_SPLIT_FOL": True,
            "SEQ_INFO": {name: report.frames}, "PRINT_CONFIG": False,
        }
    )  # fmt: skip
    raw = data.get_raw_seq_data("ours", name)
    ready = data.get_preprocessed_seq_data(raw, "pedestrian")
    quiet = {"PRINT_CONFIG": False}
    metrics = trackeval.metrics
    hota = metrics.HOTA().eval_sequence(ready)
    clear = metrics.CLEAR(dict(quiet)).eval_sequence(ready)
    identity = metrics.Identity(dict(quiet)).eval_sequence(ready)
    found = report.scores
    assert found is not None
    theirs = [hota["HOTA"].mean(), hota["DetA"].mean(), hota["AssA"].mean(), identity["IDF1"],
              clear["MOTA"], clear["IDSW"]]  # fmt: skip
    ours = [found.hota, found.deta, found.assa, found.idf1, found.mota, found.switches]
    assert_allclose(ours, theirs, atol=1e-6)
