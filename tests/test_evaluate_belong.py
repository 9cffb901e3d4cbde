"""Labels that are not of this clip are an error or a note, never a quiet figure."""

import pytest

from counter.errors import ConfigError, SourceError
from counter.evaluate import Request, evaluate
from counter.evaluate.belong import check_frames
from counter.evaluate.command import evaluate_clip
from counter.evaluate.labels import read_labels
from tests.test_evaluate_boxes import TYPED, asked, walk  # noqa: F401

FRAMES = 40  # of the walk


def labelled(folder, frames, scale=1):
    rows = [f"{n},1,{20 * scale},{40 * scale},{10 * scale},{30 * scale},1,1,1" for n in frames]
    (folder / "gt.txt").write_text("\n".join(rows))


def test_labels_of_a_longer_clip_are_an_error(walk):  # noqa: F811
    labelled(walk, range(1, 100))
    with pytest.raises(SourceError, match=r"59 of 99 labelled frames have no picture") as caught:
        evaluate(asked(walk))
    assert "--label-offset" in caught.value.hint


def test_a_few_labelled_frames_too_many_are_said(walk):  # noqa: F811
    labelled(walk, range(1, 46))
    assert "gt.txt: 5 of 45 labelled frames have no picture in the clip" in (
        evaluate(asked(walk)).notes
    )


def test_who_stops_early_is_not_told_of_the_rest(walk):  # noqa: F811
    labelled(walk, range(1, 100))
    assert not any("picture in the clip" in note for note in evaluate(asked(walk, frames=9)).notes)


def test_labels_of_no_frame_that_was_looked_at_are_an_error(walk):  # noqa: F811
    (walk / "counts.csv").write_text("seconds,count\n9,3\n")
    request = Request(source="x", detections=walk / "det.txt", labels=walk / "counts.csv")
    with pytest.raises(SourceError, match="no frame that was looked at is labelled"):
        evaluate(request)


def test_boxes_of_a_picture_of_another_size_are_an_error(walk):  # noqa: F811
    labelled(walk, range(1, 41), scale=8)
    with pytest.raises(SourceError, match=r"gt\.txt: 40 of 40 people lie outside of 100x100"):
        evaluate(asked(walk))
    (walk / "counts.csv").write_text("frame,count\n0,3\n")
    request = Request(
        source="x", detections=walk / "det.txt", labels=walk / "counts.csv", label_size=(15, 15)
    )
    with pytest.raises(SourceError, match=r"det\.txt: 120 of 120 people lie outside of 15x15"):
        evaluate(request)


def test_points_of_a_picture_of_another_size_are_an_error(tmp_path):
    for name in ("images", "points"):
        (tmp_path / name).mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"")
    (tmp_path / "points" / "a.csv").write_text("x,y\n700,20\n800,30\n20,20\n")
    request = Request(
        source=str(tmp_path / "images"), labels=tmp_path / "points", label_size=(640, 480)
    )
    with pytest.raises(SourceError, match="2 of 3 people lie outside of 640x480"):
        read_labels(request, len)


def test_points_in_a_zone_need_their_pictures_size(tmp_path):
    """Without it every point would lie in the picture's lower right corner."""
    for name in ("images", "points"):
        (tmp_path / name).mkdir()
    (tmp_path / "points" / "a.csv").write_text("x,y\n700,20\n")
    request = Request(
        source=str(tmp_path / "images"),
        labels=tmp_path / "points",
        polygon=((0, 0), (1, 0), (1, 1)),
    )
    with pytest.raises(SourceError, match="size of the labelled pictures is not known") as caught:
        read_labels(request, len)
    assert "--label-size" in caught.value.hint


def test_another_frame_rate_is_said(walk):  # noqa: F811
    notes = evaluate(asked(walk, fps=25)).notes
    assert any("says 10 pictures a second, the clip has 25" in note for note in notes)
    assert not any("a second" in note for note in evaluate(asked(walk)).notes)


def test_frames_before_the_first_count_as_outside(tmp_path):
    path = tmp_path / "gt.txt"
    assert check_frames(path, range(-2, 10), 20) == (
        "gt.txt: 2 of 12 labelled frames have no picture in the clip",
    )
    with pytest.raises(SourceError):
        check_frames(path, range(-9, 3), 20)


@pytest.mark.parametrize("option", ["out", "plot_file"])
def test_a_report_that_cannot_be_written_is_said_before_the_work(walk, option, tmp_path):  # noqa: F811
    more = {"out": None, "plot_file": None} | {option: tmp_path / "none" / "r.png"}
    with pytest.raises(ConfigError, match="there is no folder"):
        evaluate_clip(
            **{**TYPED, "detections": walk / "det.txt", "labels": walk / "gt.txt"}, **more
        )
