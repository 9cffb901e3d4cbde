"""Truth and detections of the MOT challenge, without a picture: walks, scores, several places."""

import importlib.util

import pytest

from counter.errors import ConfigError, SourceError
from counter.evaluate import Request, evaluate
from counter.evaluate.command import request_of
from counter.evaluate.report import CountError
from counter.evaluate.request import Places
from counter.evaluate.scores import HINT
from counter.evaluate.walks import crossings, read_walks
from counter.people import Direction
from counter.settings import LineSettings, ZoneSettings

LEFT = [(0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0)]
RIGHT = [(0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)]
DOWN = LineSettings(camera="clip", points=[(0.0, 0.6), (1.0, 0.6)])
TYPED = dict.fromkeys(
    ("clip", "settings_file", "camera", "detections", "limit", "model", "confidence")
) | {"zone": (), "line": (), "entries": (), "exits": ()}


@pytest.fixture
def walk(tmp_path):
    """A walks down for 40 frames, 10 a second; B stands at the right; C is a reflection."""
    truth, seen = [], []
    for frame in range(1, 41):
        y = 5 + frame
        boxes = {1: (20, y, 10, 30), 2: (70, 40, 10, 30)}
        for who, box in boxes.items():
            cells = ",".join(map(str, box))
            truth.append(f"{frame},{who},{cells},1,1,1")
            seen.append(f"{frame},-1,{cells},0.9")
        truth.append(f"{frame},3,85,10,10,30,0,12,1")
        seen.append(f"{frame},-1,85,10,10,30,0.9")
    (tmp_path / "gt.txt").write_text("\n".join(truth))
    (tmp_path / "det.txt").write_text("\n".join(seen))
    (tmp_path / "seqinfo.ini").write_text(
        "[Sequence]\nimWidth=100\nimHeight=100\nframeRate=10\nseqLength=40\n"
    )
    return tmp_path


def asked(folder, **more) -> Request:
    return Request(source="walk", detections=folder / "det.txt", labels=folder / "gt.txt", **more)


def places(**more) -> Places:
    zones = {
        name: ZoneSettings(camera="clip", polygon=polygon)
        for name, polygon in (("left", LEFT), ("right", RIGHT))
    }
    return Places(zones=zones, lines={"door": DOWN}, **more)


def test_boxes_are_compared_without_a_picture(walk):
    report = evaluate(asked(walk, places=places(), interval_s=60))
    assert (report.frames, report.seconds, report.model) == (40, 3.9, "detections")
    left, right = report.zones
    assert left.detected == CountError.of([(1, 1)] * 40)
    assert right.detected == CountError.of([(1, 2)] * 40)  # the reflection is counted: an error
    assert left.tracked is not None
    assert left.tracked.mae < 0.1  # the first frame is not believed yet
    assert left.by_interval == CountError.of([(1, 1)])


def test_a_labelled_walk_is_the_truth_of_a_line(walk):
    walks = read_walks(asked(walk, places=places()))
    assert walks is not None
    # Feet at 35 + frame of 100: past 0.6 in the clip's frame 25 (the file's 26).
    assert crossings(walks, DOWN, range(40)) == [(25, Direction.IN)]
    report = evaluate(asked(walk, places=places(), interval_s=1))
    assert [(row.measure, row.truth, row.ours) for row in report.lines] == [
        ("entries", 1, 1),
        ("exits", 0, 0),
    ]
    told = [row.truth for row in report.crossings if row.cell == "line.door.entries"]
    assert told == [0, 0, 1, 0]


def test_a_total_that_somebody_counted_goes_before_the_walks(walk):
    report = evaluate(asked(walk, places=places(totals={"door": (4, 2)})))
    assert [(row.truth, row.ours) for row in report.lines] == [(4, 1), (2, 0)]
    assert all(row.truth is None for row in report.crossings)


def test_a_walk_past_the_end_of_a_line_is_no_crossing(walk):
    short = LineSettings(camera="clip", points=[(0.5, 0.6), (1.0, 0.6)])
    walks = read_walks(asked(walk, places=places()))
    assert walks is not None
    assert crossings(walks, short, range(40)) == []


def test_a_label_that_trembles_over_a_line_is_no_crossing(tmp_path):
    rows = [f"{n},1,20,{40 if n % 2 else 20},10,30,1,1,1" for n in range(1, 30)]
    (tmp_path / "gt.txt").write_text("\n".join(rows))
    request = Request(
        source="x", labels=tmp_path / "gt.txt", label_size=(100, 100), places=places()
    )
    walks = read_walks(request)
    assert walks is not None
    assert crossings(walks, DOWN, range(30)) == []


def test_tracks_are_scored_where_trackeval_is(walk):
    report = evaluate(asked(walk, places=places()))
    if importlib.util.find_spec("trackeval") is None:
        assert report.scores is None
        assert HINT in report.notes
        return
    assert report.scores is not None
    # Two persons, found in all frames but the first; the reflection is left out, no id changes.
    assert report.scores.idf1 == pytest.approx(2 * 78 / (78 + 80))
    assert report.scores.mota == pytest.approx(78 / 80)
    assert report.scores.switches == 0
    assert report.scores.hota > 0.9


def test_public_line_counts_are_found_in_public_walks(shared):
    """PETS S2.L1, the vertical line of its counting_truth.json: 13 to the right, 18 to the left."""
    folder = shared / "data/mot/PETS09-S2L1"
    x = 477 / 768
    line = LineSettings(camera="clip", points=[(x, 1.0), (x, 0.0)])
    request = Request(
        source="pets", labels=folder / "gt.txt", places=Places(zones={}, lines={"v": line})
    )
    walks = read_walks(request)
    assert walks is not None
    found = [way for _, way in crossings(walks, line, walks.people)]
    assert (found.count(Direction.IN), found.count(Direction.OUT)) == (13, 18)


def test_wrong_detections_are_named(walk):
    (walk / "det.txt").write_text("1,-1,0,0,5,5,0.9\n2,-1,0,0,5,5,63.1\n")
    with pytest.raises(SourceError, match=r"det\.txt: line 2 has a score outside 0 to 1"):
        evaluate(asked(walk))
    (walk / "det.txt").write_text("1,-1,0,0,5,5\n")
    with pytest.raises(SourceError, match="line 1 is not a label"):
        evaluate(asked(walk))
    (walk / "seqinfo.ini").unlink()
    (walk / "det.txt").write_text("1,-1,0,0,5,5,0.9\n")
    with pytest.raises(ConfigError, match="size of the pictures or their rate"):
        evaluate(asked(walk))


def test_what_is_typed_becomes_places():
    typed = TYPED | {"clip": "film.mp4", "line": ((0, 0.5, 1, 0.5), (0.5, 0, 0.5, 1))}
    request = request_of(**typed | {"entries": (7, 1), "exits": (3, 0)})
    assert request.totals == {"line-1": (7, 3), "line-2": (1, 0)}
    assert list(request.zones) == ["view"]
    with pytest.raises(ConfigError, match=r"--entries: 1 given for 2 lines"):
        request_of(**typed | {"entries": (7,)})
    with pytest.raises(ConfigError, match="CLIP"):
        request_of(**TYPED)


def test_a_configuration_gives_zones_masks_and_model(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(
        'site = "a"\ndevice = "b"\npurpose = "passenger-information"\n'
        '[model]\nname = "counter-n"\nconfidence = 0.4\n'
        "[cameras.one]\nsource = 'a.mp4'\nmasks = [[[0.0,0.0],[0.1,0.0],[0.1,0.1]]]\n"
        "[cameras.two]\nsource = 'b.mp4'\n"
        "[zones.hall]\ncamera = 'one'\npolygon = [[0.2,0.2],[1.0,0.2],[1.0,1.0]]\n"
        "[zones.door]\ncamera = 'two'\npolygon = [[0.2,0.2],[1.0,0.2],[1.0,1.0]]\n"
    )
    typed = TYPED | {"clip": "film.mp4", "settings_file": path}
    request = request_of(**typed | {"camera": "one"})
    assert list(request.zones) == ["hall"]
    assert request.places is not None
    assert request.places.camera is not None
    assert request.places.camera.masks
    assert request.model.confidence == 0.4
    with pytest.raises(ConfigError, match="--camera: the configuration has several"):
        request_of(**typed)
