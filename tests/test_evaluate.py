"""The laboratory on clips whose every person is known: drawn by fakes, and one that is real."""

import numpy as np
import pytest

from counter.errors import ConfigError, RefusedError, SourceError
from counter.evaluate import LineTruth, Request, evaluate
from counter.evaluate.report import CountError
from counter.evaluate.run import compare
from counter.evaluate.tables import as_text
from counter.frame import Frame
from counter.people import Detections
from counter.release import CameraState
from counter.settings import ModelSettings

FPS = 5


class Clip:
    """Footage of `frames` pictures, 5 a second; those in `dark` are not looked at."""

    camera, live, state = "clip", False, CameraState.OK

    def __init__(self, frames, dark=(), live=False):
        self._frames, self._dark, self.live = frames, dark, live
        self.given = []

    def frames(self):
        for number in range(self._frames):
            frame = Frame(np.zeros((4, 4, 3), np.uint8), number * 10**9 // FPS)
            self.given.append(frame)
            yield None if number in self._dark else frame

    def close(self):
        pass


class Seer:
    """Sees the people that `people(frame number)` places by their feet."""

    name, backend = "seer", "fake"

    def __init__(self, people):
        self._people = people

    def detect(self, frame):
        _ = frame.pixels  # raises once the frame is gone
        number = round(frame.captured_ns * FPS / 1e9)
        feet = np.array(self._people(number), np.float32).reshape(-1, 2)
        left_top, right_bottom = feet - (0.02, 0.2), feet + np.array((0.02, 0))
        xyxy = np.concatenate((left_top, right_bottom), axis=1).astype(np.float32)
        return Detections(xyxy, np.full(len(feet), 0.9, np.float32), frame.captured_ns)

    def close(self):
        pass


def row(count):
    """`count` people side by side."""
    return [(0.05 + 0.9 * i / max(count, 1), 0.5) for i in range(count)]


def counts_file(folder, text):
    path = folder / "counts.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_perfect_detector_has_no_error(tmp_path):
    labels = counts_file(tmp_path, "seconds,count\n0,12\n")
    request = Request(source="a/clip.mp4", labels=labels, interval_s=30)
    report = compare(request, Clip(FPS * 65), Seer(lambda _: row(12)))
    # The first frame has only tentative tracks: 12 missing in one of 325.
    assert report.occupancy == CountError.of([(12, 0)] + [(12, 12)] * 324)
    assert report.detector == CountError.of([(12, 12)] * 325)
    assert [(r.truth, r.ours, r.ours_released, r.same) for r in report.intervals] == [
        (12, 12, "15", True),
        (12, 12, "15", True),
        (12, 12, "missing", None),  # five of thirty seconds
    ]
    assert report.agreement == (2, 2)
    assert (report.source, report.model, report.frames) == ("clip.mp4", "seer", 325)


def test_missed_people_show_in_every_figure(tmp_path):
    labels = counts_file(tmp_path, "seconds,count\n0,20\n30,8\n")
    request = Request(source="clip.mp4", labels=labels, interval_s=30)
    seen = lambda number: row(15 if number < 30 * FPS else 7)  # noqa: E731
    report = compare(request, Clip(FPS * 60), Seer(seen))
    assert report.detector is not None
    assert report.detector.bias == pytest.approx(-(5 + 1) / 2)
    assert report.detector.mae == pytest.approx(3)
    assert report.detector.rmse == pytest.approx(((25 + 1) / 2) ** 0.5)
    first, second = report.intervals
    assert (first.truth, first.ours) == (20, 15)
    assert (first.truth_released, first.ours_released, first.same) == ("20", "15", False)
    assert (second.truth, second.ours) == (8, 7)
    assert (second.truth_released, second.ours_released, second.same) == ("<11", "<11", True)
    assert report.agreement == (1, 2)


def test_unlabelled_and_dark_frames_are_left_out(tmp_path):
    labels = counts_file(tmp_path, "frame,count\n3,2\n4,2\n5,4\n40,2\n")
    report = compare(
        Request(source="clip.mp4", labels=labels), Clip(20, dark={4}), Seer(lambda _: row(2))
    )
    assert report.detector == CountError.of([(2, 2), (4, 2)])
    assert report.frames == 19


def test_every_nth_frame_and_a_stop(tmp_path):
    labels = counts_file(tmp_path, "frame,count\n" + "".join(f"{n},{n}\n" for n in range(50)))
    clip = Clip(50)
    seen: list[int] = []
    request = Request(source="clip.mp4", labels=labels, every=5, frames=20)
    report = compare(request, clip, Seer(row), seen.append)
    assert report.detector == CountError.of([(n, n) for n in (0, 5, 10, 15)])
    assert seen == [1, 6, 11, 16]
    assert all(frame._view is None for frame in clip.given), "a picture outlived its frame"


def test_a_polygon_holds_labels_and_people_by_their_feet(tmp_path):
    # Two labelled persons and a static one (mark 0); of the two only the left one is inside.
    gt = tmp_path / "gt.txt"
    lines = [
        f"{n},{who},{x},20,10,30,{mark},1,1"
        for n in range(1, 11)
        for who, x, mark in ((1, 15, 1), (2, 75, 1), (3, 25, 0))
    ]
    gt.write_text("\n".join(lines))
    request = Request(
        source="clip.mp4",
        labels=gt,
        label_size=(100, 100),
        polygon=((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)),
    )
    report = compare(request, Clip(12), Seer(lambda _: [(0.2, 0.5), (0.8, 0.5), (0.9, 0.5)]))
    assert report.detector == CountError.of([(1, 1)] * 10)


def test_point_labels_are_heads_and_so_are_the_people_beside_them(tmp_path):
    images, points = tmp_path / "images", tmp_path / "points"
    for folder in (images, points):
        folder.mkdir()
    for number in range(5):
        (images / f"{number}.png").write_bytes(b"")
        (points / f"{number}.csv").write_text("x,y\n50,32\n50,70\n")
    # Feet at 0.5 and heads at 0.3: inside by the head alone.
    upper = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.4), (0.0, 0.4))
    request = Request(source=str(images), labels=points, label_size=(100, 100), polygon=upper)
    report = compare(request, Clip(5), Seer(lambda _: [(0.5, 0.5)]))
    assert report.detector == CountError.of([(1, 1)] * 5)


def test_a_line_is_compared_with_its_totals():
    def walkers(number):
        """One goes down from 0.2 to 0.8 in two seconds, then one goes up; then nobody."""
        step = number / (2 * FPS)
        if step < 1:
            return [(0.3, 0.2 + 0.6 * step)]
        return [(0.7, 0.8 - 0.6 * (step - 1))] if step < 2 else []

    line = LineTruth(points=((0.0, 0.5), (1.0, 0.5)), entries=1, exits=3)
    request = Request(source="clip.mp4", line=line)
    report = compare(request, Clip(8 * FPS), Seer(walkers))
    assert [(r.measure, r.truth, r.ours) for r in report.lines] == [
        ("entries", 1, 1),
        ("exits", 3, 1),
    ]
    assert report.occupancy is None
    assert report.intervals == ()
    assert "exits" in as_text(report)
    assert "-2" in as_text(report)


@pytest.mark.parametrize(
    "source", ["rtsp://camera/1", "RTSPS://camera/1", "http://camera/mjpg", "/dev/video0", "0"]
)
def test_a_live_camera_is_refused_before_it_is_opened(source, tmp_path):
    labels = counts_file(tmp_path, "frame,count\n0,1\n")
    with pytest.raises(RefusedError) as caught:
        evaluate(Request(source=source, labels=labels))
    assert caught.value.name == "live-evaluation"
    assert source not in caught.value.message


def test_a_live_source_of_another_form_is_refused(tmp_path):
    labels = counts_file(tmp_path, "frame,count\n0,1\n")
    clip = Clip(5, live=True)
    with pytest.raises(RefusedError):
        compare(Request(source="new:camera", labels=labels), clip, Seer(row))
    assert not clip.given


def test_nothing_to_compare_with_is_said():
    with pytest.raises(ConfigError, match="labels: none given"):
        compare(Request(source="clip.mp4"), Clip(5), Seer(row))


def test_a_clip_without_a_picture_is_no_measurement(tmp_path):
    labels = counts_file(tmp_path, "frame,count\n0,1\n")
    with pytest.raises(SourceError, match="no picture"):
        compare(Request(source="clip.mp4", labels=labels), Clip(3, dark={0, 1, 2}), Seer(row))


def test_real_people_are_counted_within_what_was_measured(shared, monkeypatch):
    """PETS 2009 S2.L1, every other of the first 100 frames, 5.22 people on average."""
    monkeypatch.setenv("COUNTER_MODELS", str(shared / "models"))
    data = shared / "data"
    report = evaluate(
        Request(
            source=str(data / "videos/vtest_pets09s2l1.avi"),
            labels=data / "mot/PETS09-S2L1/gt.txt",
            frames=100,
            every=2,
            model=ModelSettings(name="yolo11n-640"),
        )
    )
    assert report.occupancy is not None
    assert report.detector is not None
    assert report.occupancy.frames == 50
    assert report.occupancy.mae < 0.6  # measured: 0.26
    assert report.detector.mae < 0.9  # measured: 0.62
    assert abs(report.occupancy.bias) < 0.4  # measured: -0.02
    assert report.model == "yolo11n-640"
