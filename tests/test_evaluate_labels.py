"""Labels are read as their format says, and a wrong file is named with its line."""

from collections.abc import Sequence

import pytest

from counter.errors import SourceError
from counter.evaluate import Request
from counter.evaluate.labels import Foot, read_labels


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
