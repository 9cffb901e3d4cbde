"""Labels are read as their format says, and a wrong file is named with its line."""

from collections.abc import Sequence

import pytest

from counter.errors import ConfigError, SourceError
from counter.evaluate import Request
from counter.evaluate.labels import Foot, read_labels
from counter.evaluate.request import settings_of


def no_size(feet):
    return len(feet)


def test_mot_frames_without_people_are_empty_and_others_unknown(tmp_path):
    gt = tmp_path / "gt.txt"
    gt.write_text("3,1,0,0,5,5,1,-1,-1\n6,1,0,0,5,5,1,7,1\n7,1,0,0,5,5\n")
    found = read_labels(Request(source="clip.mp4", labels=gt), no_size)
    assert found.by_frame == {2: 1, 3: 0, 4: 0, 5: 0, 6: 1}


def test_point_labels_belong_to_images_by_name(tmp_path):
    images, points = tmp_path / "images", tmp_path / "points"
    for folder in (images, points):
        folder.mkdir()
    for name in ("b", "a", "c"):
        (images / f"{name}.jpg").write_bytes(b"")
    (images / "notes.txt").write_text("not an image")
    (points / "a.csv").write_text("x,y\n")
    (points / "c.csv").write_text("x,y\n1.5,2\n3,4\n")
    found = read_labels(Request(source=str(images), labels=points), no_size)
    assert found.by_frame == {0: 0, 2: 2}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("counts.csv", "frame;count\n1;2\n", "line 1 is not a label"),
        ("counts.csv", "frame,count\n1,two\n", "line 2 is not a label"),
        ("counts.csv", "seconds,count\n1\n", "line 2 is not a label"),
        ("counts.csv", "", "line 1 is not a label"),
        *(
            ("counts.csv", f"{unit},count\n1,1\n{row}\n", "line 3 is not a label")
            for unit in ("frame", "seconds")
            for row in ("nan,3", "inf,3", "1e999,3", "2,-1", "2,inf", f"2,{10**30}")
        ),
        ("counts.csv", "frame,count\n-1,3\n", "line 2 is not a label"),
        ("counts.csv", "frame,count\n1.5,3\n", "line 2 is not a label"),
        ("gt.txt", "1,1,0,nan,5,5,1,1,1\n", "line 1 is not a label"),
        ("gt.txt", "1,1,0,0,5,5,inf,1,1\n", "line 1 is not a label"),
        ("gt.txt", f"1,1,0,0,5,5,1,1,1\n{10**12},1,0,0,5,5\n", "line 2 is not a label"),
        ("gt.txt", "", "holds no labels"),
        ("gt.txt", "1,1,0,0,5\n", "line 1 is not a label"),
        ("gt.txt", "1,1,0,0,5,5,1,1,1\nx,1,0,0,5,5\n", "line 2 is not a label"),
        ("gt.txt", "\udc80".encode("utf-8", "surrogateescape"), "cannot be read"),
    ],
)
def test_wrong_labels_name_file_and_line(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SourceError, match=message) as caught:
        read_labels(Request(source="clip.mp4", labels=path), no_size)
    assert name in caught.value.message


def test_a_point_is_two_finite_numbers(tmp_path):
    for name in ("images", "points"):
        (tmp_path / name).mkdir()
    (tmp_path / "images" / "a.jpg").write_bytes(b"")
    labels = tmp_path / "points"
    for row in ("nan,3", "3,inf"):
        (labels / "a.csv").write_text(f"x,y\n1,1\n{row}\n")
        with pytest.raises(SourceError, match=r"a\.csv: line 3 is not a label"):
            read_labels(Request(source=str(tmp_path / "images"), labels=labels), no_size)


@pytest.mark.parametrize("size", [(0, 0), (0, 480), (640, -1), (640, 10**400)])
def test_a_size_without_pixels_is_a_mistake_with_its_option(tmp_path, size):
    gt = tmp_path / "gt.txt"
    gt.write_text("1,1,0,0,5,5,1,1,1\n")
    with pytest.raises(ConfigError, match=r"^--label-size: expected 1 to 100000 pixels a side$"):
        settings_of(Request(source="clip.mp4", labels=gt, label_size=size))


@pytest.mark.parametrize("fps", [1e-300, 0.0, -1.0, 1e300, float("nan")])
def test_a_frame_rate_has_the_bounds_of_a_configuration(tmp_path, fps):
    with pytest.raises(ConfigError, match=r"^--fps: expected 0\.1 to 240\.0 pictures a second$"):
        settings_of(Request(source="clip", labels=tmp_path, fps=fps))


@pytest.mark.parametrize("width", ["0", "nan", "wide"])
def test_a_sequence_without_a_size_is_said(tmp_path, width):
    gt = tmp_path / "gt.txt"
    gt.write_text("1,1,0,0,5,5,1,1,1\n")
    (tmp_path / "seqinfo.ini").write_text(f"[Sequence]\nimWidth={width}\nimHeight=10\n")
    request = Request(source="clip.mp4", labels=gt, polygon=((0, 0), (1, 0), (1, 1)))
    with pytest.raises(SourceError, match="size of the labelled pictures"):
        read_labels(request, no_size)


def test_a_polygon_needs_the_size_of_the_labelled_pictures(tmp_path):
    gt = tmp_path / "gt.txt"
    gt.write_text("1,1,0,0,5,5,1,1,1\n")
    request = Request(source="clip.mp4", labels=gt, polygon=((0, 0), (1, 0), (1, 1)))
    with pytest.raises(SourceError, match="size of the labelled pictures"):
        read_labels(request, no_size)
    (tmp_path / "seqinfo.ini").write_text("[Sequence]\nimWidth=50\nimHeight=10\n")
    seen: list[Sequence[Foot]] = []

    def standing(feet):
        seen.append(feet)
        return 0

    read_labels(request, standing)
    assert seen == [[(0.05, 0.5)]]
