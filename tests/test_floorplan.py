"""From the picture to metres: cameras that are drawn by hand, and mistakes in one line."""

from math import cos, radians, sin

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from counter import floorplan, geometry, survey
from counter.cells import released_cells
from counter.check import report
from counter.config import Loaded
from counter.geometry import Point
from counter.settings import CameraSettings, FloorSettings, LensSettings
from tests.tomls import CAMERA, ZONE, fault, parse, text

FOCAL = (0.8, 1.4)  # of 16:9 pictures
LENS = LensSettings(focal=FOCAL, centre=(0.5, 0.5), distortion=[-0.2, 0.06, 0.001, -0.001, 0.0])
CORNERS = [(-1.5, 4.5), (1.5, 4.5), (4.0, 14.0), (-4.0, 14.0)]
MORE = [*CORNERS, (0.0, 6.0), (1.5, 9.0)]


def seen(metres: Point, height_m: float = 4.0, tilt: float = 25.0) -> Point:
    """Where a pinhole camera above (0, 0) that looks along y sees a point of the floor."""
    (x, y), down = metres, radians(tilt)
    depth = y * cos(down) + height_m * sin(down)
    below = height_m * cos(down) - y * sin(down)
    return FOCAL[0] * x / depth + 0.5, FOCAL[1] * below / depth + 0.5


def plan(points: list[Point], lens: LensSettings | None = None) -> floorplan.Floorplan:
    picture = [seen(point) for point in points]
    if lens is not None:
        picture = [bent(place) for place in picture]
    floor = FloorSettings(picture=picture, metres=points)
    found = floorplan.plan("hall", CameraSettings(source="x", floor=floor, lens=lens))
    assert found is not None
    return found


def bent(place: Point) -> Point:
    """Where OpenCV's model puts what a pinhole camera would see at `place`."""
    ray = np.array([[(place[0] - 0.5) / FOCAL[0], (place[1] - 0.5) / FOCAL[1], 1.0]])
    camera = np.array([[FOCAL[0], 0, 0.5], [0, FOCAL[1], 0.5], [0, 0, 1]])
    zero = np.zeros(3)
    there, _ = cv2.projectPoints(ray, zero, zero, camera, np.array(LENS.distortion))
    return float(there[0, 0, 0]), float(there[0, 0, 1])


FLOOR = st.tuples(st.floats(-6, 6), st.floats(1, 30))


@pytest.mark.parametrize("points", [CORNERS, MORE], ids=len)
@given(FLOOR)
def test_a_point_of_the_floor_is_found_again(points: list[Point], metres: Point):
    known = plan(points)
    assert known.metres(seen(metres)) == pytest.approx(metres, abs=1e-6)
    assert known.place(metres) == pytest.approx(seen(metres), abs=1e-9)


@given(FLOOR)
def test_through_a_lens_as_well(metres: Point):
    place = bent(seen(metres))
    assume(0 <= place[0] <= 1 and 0 <= place[1] <= 1)
    known = plan(MORE, LENS)
    assert known.metres(place) == pytest.approx(metres, abs=1e-5)
    assert known.place(metres) == pytest.approx(place, abs=1e-8)


@given(st.floats(0, 1), st.floats(0.2, 1))
def test_there_and_back(x: float, y: float):
    known = plan(MORE, LENS)
    metres = known.metres((x, y))
    assume(metres is not None)
    assert metres is not None
    assert known.place(metres) == pytest.approx((x, y), abs=1e-8)


def test_beyond_the_horizon_there_is_no_floor():
    known = plan(CORNERS)
    horizon = 0.5 - FOCAL[1] * sin(radians(25)) / cos(radians(25))
    assert known.metres((0.5, horizon - 0.01)) is None
    assert known.metres((0.5, horizon + 0.001)) is None  # kilometres away
    assert known.place((0.0, -10.0)) is None  # behind the camera


# --- zones ---------------------------------------------------------------------------------------


def floor(points: list[Point], places: list[Point] | None = None) -> str:
    picture = [list(place) for place in places or [seen(point) for point in points]]
    return f"[cameras.door.floor]\npicture = {picture}\nmetres = {[list(p) for p in points]}\n"


def zone(outline: list[Point], more: str = "") -> str:
    return f'[zones.front]\ncamera = "door"\npolygon = {[list(p) for p in outline]}\n{more}'


SQUARE = [(-1.5, 5.0), (1.5, 5.0), (1.5, 9.0), (-1.5, 9.0)]  # 12 m2
ON_FLOOR = [seen(corner) for corner in SQUARE]


def config(*parts: str) -> str:
    return text(CAMERA, *parts, purpose="event-density")


def test_a_zone_has_the_area_of_its_floor():
    settings, warnings = parse(config(floor(MORE), zone(ON_FLOOR)))
    assert warnings == ()
    assert [cell.area_m2 for cell in released_cells(settings)] == [12.0]


def test_what_is_given_is_not_computed():
    settings, warnings = parse(config(floor(MORE), zone(ON_FLOOR, "area_m2 = 11.0\n")))
    assert warnings == ()
    assert [cell.area_m2 for cell in released_cells(settings)] == [11.0]


def test_through_a_lens_the_edges_are_bent():
    """A square of the floor, whose corners alone would enclose another area."""
    known = plan(MORE, LENS)
    outline = known.outline([bent(place) for place in ON_FLOOR])
    assert outline is not None
    straight = [known.metres(bent(place)) for place in ON_FLOOR]
    exact = geometry.area([corner for corner, _ in outline])
    assert exact == pytest.approx(12.0, rel=0.02)
    assert exact != pytest.approx(geometry.area([c for c in straight if c is not None]), rel=1e-4)
    finer = known.outline(list(floorplan._cut([bent(place) for place in ON_FLOOR])))
    assert finer is not None
    assert geometry.area([c for c, _ in finer]) == pytest.approx(exact, rel=1e-4)


def test_a_group_needs_every_area():
    rear = zone([(0.02, 0.9), (0.15, 0.9), (0.15, 0.99)], "area_m2 = 30.0\n").replace(
        "front", "rear"
    )
    group = '[groups.all]\nzones = ["front", "rear"]\n'
    settings, _ = parse(config(floor(MORE), zone(ON_FLOOR), rear, group))
    assert [cell.area_m2 for cell in released_cells(settings)] == [42.0]


def test_check_prints_the_floor_and_the_table():
    settings, warnings = parse(config(floor(MORE), zone(ON_FLOOR), '[service]\ntable = "event"\n'))
    said = report(Loaded(settings, "0" * 64, warnings))
    assert (
        "floor    camera door: 6 points, off by 0.00 m at most; zone front 12 m2 (+-1%)\n" in said
    )
    assert "service  event: A to 1, B to 2, C to 3, D to 4, E to 4.7 persons per m2, F abo" in said


def test_the_doubt_is_what_a_hand_that_errs_makes_of_the_area():
    settings, _ = parse(config(floor(CORNERS), zone(ON_FLOOR)))
    drawn, areas = np.random.default_rng(5), []
    for _ in range(400):
        off = drawn.normal(0, survey.HAND, (4, 2))
        places = [(x + dx, y + dy) for (x, y), (dx, dy) in zip(PLACES, off.tolist(), strict=False)]
        known = floorplan.plan("hall", CameraSettings(source="x", floor=FloorSettings(
            picture=places, metres=CORNERS)))  # fmt: skip
        outline = None if known is None else known.outline(ON_FLOOR)
        areas.append(geometry.area([corner for corner, _ in outline or []]))
    assert survey.area_doubt(settings, "front") == pytest.approx(np.std(areas) / 12, rel=0.2)


def test_more_points_are_less_doubt():
    doubts = [
        survey.area_doubt(parse(config(floor(points), zone(ON_FLOOR)))[0], "front")
        for points in (CLOSE, CORNERS, MORE)
    ]
    assert doubts[0] > doubts[1] > doubts[2] > 0


LENS_TABLE = "[cameras.door.lens]\nfocal = [0.8, 1.4]\ncentre = {}\ndistortion = {}\n"
NEAR_LINE = [(0.0, 5.0), (0.05, 7.0), (-0.05, 9.0), (0.0, 12.0)]
CROSSED = [CORNERS[0], CORNERS[2], CORNERS[1], CORNERS[3]]
SLIP = [*MORE[:5], (1.5, 14.0)]
PLACES = [seen(point) for point in MORE]
LOW = [seen(point, 2.0, 8.0) for point in MORE]  # its horizon is in the picture
OVER_IT = [(0.1, 0.9), (0.9, 0.9), (0.5, 0.1)]
FAR = [seen(point, 2.0, 8.0) for point in [(-1.0, 5.0), (1.0, 5.0), (1.0, 45.0)]]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([floor(CORNERS, [*PLACES[:2], (1.7, 0.3), PLACES[3]])],
         "cameras.door.floor.picture[2][0]: expected a number of at most 1"),
        ([floor(CORNERS).replace("metres", "meters")],
         "cameras.door.floor.meters: unknown key"),
        (["[cameras.door.floor]\npicture = [[0, 0], [1, 0], [1, 1], [0, 1]]\n"],
         "cameras.door.floor.metres: missing"),
        ([floor(CORNERS).replace("14.0]]", "inf]]")],
         "cameras.door.floor.metres[3][1]: expected a finite number"),
        ([floor(MORE, PLACES[:4])],
         "cameras.door.floor.metres: 6 points given, cameras.door.floor.picture has 4"),
        ([floor(CORNERS[:3])], "cameras.door.floor.picture: expected a list of at least 4 entries"),
        ([floor(NEAR_LINE)], "cameras.door.floor: its points lie on a line, or nearly so"),
        ([floor(CORNERS, [(0.2, 0.9)] * 4)], "cameras.door.floor: its points lie on a line"),
        ([floor(CROSSED, PLACES[:4])], "cameras.door.floor: no level floor looks like this"),
        ([floor(SLIP, PLACES)], "cameras.door.floor.metres["),
        ([floor(MORE, LOW), zone(OVER_IT)],
         "zones.front.polygon: reaches the horizon of cameras.door.floor"),
        ([floor([(x / 10, y / 10) for x, y in MORE], PLACES), zone(ON_FLOOR)],
         "zones.front.area_m2: less than 1.0 follows from cameras.door.floor"),
        ([LENS_TABLE.format("[0.5, 0.5]", "[0, 0, 0, 0, 0, 0]")],
         "cameras.door.lens.distortion: 6 numbers given, 4, 5, 8 or 12 expected"),
        ([LENS_TABLE.format("[0.5, 0.5]", "[0, 0, 0, 0, 0]") + "fisheye = true\n"],
         "cameras.door.lens.distortion: 5 numbers given, 4 expected"),
        ([LENS_TABLE.format("[640, 360]", "[0, 0, 0, 0]")],
         "cameras.door.lens.centre: expected fractions of the picture"),
        ([floor(MORE), LENS_TABLE.format("[0.5, 0.5]", "[-3.0, 0, 0, 0]")],
         "cameras.door.floor.picture["),
        ([LENS_TABLE.format("[0.5, 0.5]", '[0, 0, 0, "x"]')],
         "cameras.door.lens.distortion[3]: expected a number"),
        (["[service]\nbounds = [1, 2, 3]\n"], "service.bounds: expected a list of at least 5"),
        (["[service]\nbounds = [1, 2, 3, 4, 4]\n"], "service.bounds: expected five rising numbers"),
        (['[service]\ntable = "fruin"\n'], "service.table: expected one of fruin-standing"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_with_its_key(parts: list[str], said: str):
    outline = () if any("zones.front" in part for part in parts) else (ZONE,)
    assert fault(config(*parts, *outline)).message.startswith(said)


CLOSE = [(-0.3, 4.6), (0.3, 4.6), (0.3, 5.2), (-0.3, 5.2)]  # a doormat
LOOSE = [*MORE[:5], (1.5, 9.8)]  # half a metre off


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([floor(MORE), zone(ON_FLOOR, "area_m2 = 20.0\n")],
         "zones.front.area_m2: 20 given, 12.0 follows from cameras.door.floor"),
        ([floor(MORE, LOW), zone(OVER_IT, "area_m2 = 20.0\n")],
         "zones.front.polygon: reaches the horizon of cameras.door.floor"),
        ([floor(LOOSE, PLACES), zone(ON_FLOOR)], "cameras.door.floor.metres["),
        ([floor(MORE), zone(ON_FLOOR, 'anchor = "head"\n')],
         "zones.front.area_m2: does not follow from cameras.door.floor"),
        ([LENS_TABLE.format("[0.5, 0.5]", "[0, 0, 0, 0]"), zone(ON_FLOOR, "area_m2 = 20.0\n")],
         "cameras.door.lens: no effect without cameras.door.floor"),
        ([floor(MORE, LOW), zone(FAR)],
         "zones.front.polygon: reaches more than twice as far away"),
        ([floor(CLOSE), zone(ON_FLOOR)],
         "zones.front.area_m2: 12.0 follows from cameras.door.floor, and changes by more than 10%"),
    ],
)  # fmt: skip
def test_what_works_and_is_probably_not_meant(parts: list[str], said: str):
    _, warnings = parse(config(*parts))
    assert any(warning.startswith(said) for warning in warnings), warnings
