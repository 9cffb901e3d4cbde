"""Values far from anything that can be meant: an error or a warning with the key, no traceback."""

import pytest

from counter import settings
from counter.evaluate import fit
from tests.tomls import CAMERA, GOOD, LINE, ZONE, fault, parse, text

BY = "[zones.front.correction]\nerror = 2.0\ntallies = {}\nfitted = '{}'\n"
PICTURE = [[0.1, 0.9], [0.9, 0.9], [0.7, 0.3], [0.3, 0.3]]


def floor(wide: float, more: str = "") -> str:
    metres = [[0.0, 0.0], [wide, 0.0], [wide, wide], [0.0, wide]]
    lens = f"[cameras.door.lens]\nfocal = [1, 1]\ncentre = [0.1, 0.9]\ndistortion = {more}\n"
    table = f"[cameras.door.floor]\npicture = {PICTURE}\nmetres = {metres}\n"
    return text(CAMERA, table, lens if more else "", ZONE, purpose="event-density")


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (floor(1e200), "cameras.door.floor.metres[1][0]: expected a number of at most 10000"),
        (floor(1e-200), "cameras.door.floor: its points lie on a line"),
        (text(CAMERA, LINE + "dead_band = 1.5\n", purpose="footfall"),
         "lines.in.dead_band: expected a number of at most 1"),
        (GOOD + "[tracker]\nconfirm_frames = 101\n",
         "tracker.confirm_frames: expected a whole number of at most 100"),
        (GOOD + BY.format(7, "2026-03-01"),
         "zones.front.correction.tallies: expected a whole number of at least 8"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_an_error(toml: str, said: str):
    error = fault(toml)
    assert error.message.startswith(said)
    assert error.hint


def test_a_lens_that_divides_by_nothing_is_an_error():
    made = floor(10, "[0, 0, 0, 0, 0, -1, 0, 0]").replace(
        "centre = [0.1, 0.9]", "centre = [0, 0.5]"
    )
    error = fault(made.replace("[0.9, 0.9]", "[1.0, 0.5]"))
    assert error.message.startswith("cameras.door.floor.picture[")
    assert "cameras.door.lens.distortion" in error.hint


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (floor(2000), "zones.front.area_m2: "),
        (GOOD + BY.format(8, "2126-03-01"), "zones.front.correction.fitted: 2126-03-01 has not"),
        (text(CAMERA.replace("clip.mp4", "frames/") + "fps = 1\n", LINE, purpose="footfall"),
         "cameras.door.fps: 1 pictures a second are too few for lines.in"),
    ],
)  # fmt: skip
def test_what_is_probably_not_meant_is_a_warning(toml: str, said: str):
    _, warnings = parse(toml)
    assert any(one.startswith(said) for one in warnings), warnings


def test_centimetres_are_asked_about():
    assert any("centimetres" in one for one in parse(floor(2000))[1])
    assert not any("centimetres" in one for one in parse(floor(20))[1])


def test_as_many_counts_as_a_fit_needs():
    kind = settings.CorrectionSettings.__annotations__["tallies"]
    assert kind.__metadata__[0].ge == fit.LEAST
