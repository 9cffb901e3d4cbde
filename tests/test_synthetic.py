"""The synthetic scene: the same seed gives the same world, and its truth is true."""

import os

import cv2
import numpy as np
import pytest

from counter.demo.scenes import DEMO_LINES, DEMO_PEOPLE, DEMO_ZONES
from counter.sources.synthetic import Crossings, Scene, Truth
from counter.sources.synthetic.scene import Kind
from counter.sources.synthetic.truth import inside
from tests.conftest import SHARED

WIDTH, HEIGHT = SIZE = (640, 360)
KINDS = ("platform", "carriage", "random")


def run(scene: Scene, frames: int, size: tuple[int, int] = SIZE) -> tuple[np.ndarray, list[Truth]]:
    out = np.empty((size[1], size[0], 3), np.uint8)
    truths = [scene.render(out) for _ in range(frames)]
    return out, truths


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_decides_every_byte_and_the_truth(kind):
    first, truths = run(Scene(kind=kind, seed=5, people=12), 4)
    second, again = run(Scene(kind=kind, seed=5, people=12), 4)
    other, _ = run(Scene(kind=kind, seed=6, people=12), 4)
    assert np.array_equal(first, second)
    for one, other_one in zip(truths, again, strict=True):
        assert all(np.array_equal(getattr(other_one, k), v) for k, v in vars(one).items())
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", KINDS)
def test_boxes_hold_what_is_seen_of_each_person(kind):
    for seed in range(3):
        scene = Scene(kind=kind, seed=seed, people=14)
        _, truths = run(scene, 3)
        truth, labels = truths[-1], scene.labels()
        seen = [label for label in np.unique(labels) if label]
        assert len(seen) <= len(truth.person)
        assert len(seen) == (truth.visible > 0).sum()
        boxes = truth.xyxy[truth.visible > 0] * [WIDTH, HEIGHT, WIDTH, HEIGHT]
        for label, box in zip(seen, boxes, strict=True):  # labels and rows have one order
            y, x = np.nonzero(labels == label)
            assert min(x.min() - box[0], y.min() - box[1]) >= -1.5
            assert max(x.max() - box[2], y.max() - box[3]) <= 1.5


def test_a_box_is_tight_and_visible_is_a_share_of_the_figure():
    """One person and nobody else: the picture changes inside the box, up to its edges."""
    scene = Scene(kind="platform", seed=11, people=1)
    for _ in range(40):
        _, (truth,) = run(scene, 1)
        whole = (truth.xyxy > 0.02).all() and (truth.xyxy < 0.98).all()
        if len(truth.person) == 1 and whole and truth.visible[0] > 0.99:
            break
    y, x = np.nonzero(scene.labels())
    drawn = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1]) / [WIDTH, HEIGHT, WIDTH, HEIGHT]
    assert truth.xyxy[0] == pytest.approx(drawn, abs=1.5 / HEIGHT)
    assert abs(float(truth.foot[0, 0]) - drawn[[0, 2]].mean()) < 0.04
    assert abs(float(truth.foot[0, 1]) - drawn[3]) < 0.06  # toes point at us


def test_occupancy_is_what_opencv_says():
    zone = DEMO_ZONES["platform"]["edge"]
    _, truths = run(Scene(kind="platform", seed=3, people=20), 20)
    outline = (np.array(zone) * 1e4).astype(np.float32)
    for truth in truths:
        feet = truth.foot.astype(np.float64) * 1e4
        brute = sum(cv2.pointPolygonTest(outline, (x, y), measureDist=False) >= 0 for x, y in feet)
        assert truth.occupancy(zone) == brute


@pytest.mark.parametrize(
    ("kind", "line"),
    [("platform", ((-9.0, 0.5), (9.0, 0.5))), ("carriage", ((0.55, 9.0), (0.55, -9.0)))],
)
def test_crossings_balance_the_half_plane_they_bound(kind, line):
    """Entries less exits are the change of occupancy, but for those who come and go meanwhile."""
    (ax, ay), (bx, by) = line
    scene, crossings = Scene(kind=kind, seed=8, people=16, fps=5.0, size=(160, 90)), Crossings(line)
    out = np.empty((90, 160, 3), np.uint8)
    before: dict[int, bool] = {}
    balance = moved = 0
    for _ in range(250):
        truth = scene.render(out)
        crossings.observe(truth)
        side = (bx - ax) * (truth.foot[:, 1] - ay) - (by - ay) * (truth.foot[:, 0] - ax) >= 0
        now = dict(zip(truth.person.tolist(), side.tolist(), strict=True))
        stayed = before.keys() & now.keys()
        balance += sum(now[who] for who in stayed) - sum(before[who] for who in stayed)
        moved += sum(now[who] != before[who] for who in stayed)
        before = now
    assert crossings.entries - crossings.exits == balance
    assert crossings.entries + crossings.exits == moved
    assert moved > 0


def test_a_line_has_ends():
    def at(x: float, y: float) -> Truth:
        foot = np.array([[x, y]], np.float32)
        box = np.zeros((1, 4), np.float32)
        return Truth(0, 0.0, box, np.ones(1, np.float32), np.array([7]), foot, foot)

    crossings = Crossings(((0.5, 0.9), (0.5, 0.1)))  # walked upwards: right is the right side
    for x, y in ((0.4, 0.5), (0.6, 0.5), (0.6, 0.95), (0.4, 0.95), (0.6, 0.6), (0.3, 0.6)):
        crossings.observe(at(x, y))
    assert (crossings.entries, crossings.exits) == (2, 1)


def test_who_stands_farther_away_is_smaller():
    heights, metres = list[float](), list[float]()
    for seed in range(4):
        _, (truth,) = run(Scene(kind="platform", seed=seed, people=20), 1)
        inner = (truth.xyxy[:, 1] > 0.01) & (truth.xyxy[:, 3] < 0.99) & (truth.xyxy[:, 0] > 0.2)
        heights += (truth.xyxy[inner, 3] - truth.xyxy[inner, 1]).tolist()
        metres += truth.floor[inner, 1].tolist()
    assert np.corrcoef(heights, metres)[0, 1] < -0.7
    near, *_, far = np.array_split(np.array(heights)[np.argsort(metres)], 3)
    assert near.mean() > 1.4 * far.mean()


def test_the_world_stays_small_for_hours():
    scene = Scene(kind="platform", seed=2, people=18)
    world = scene._world
    newest = 0
    for _ in range(60 * 60 * 2):  # an hour; only the world, no pictures
        world.step(0.5)
        newest = max(newest, *(p.identity for p in world.people))
        assert len(world.people) <= 60
        assert all(len(p.path) <= 6 for p in world.people)
    assert newest > 300
    assert len({p.identity for p in world.people}) == len(world.people)


@pytest.mark.parametrize("kind", ["platform", "carriage"])
def test_demo_zones_are_apart_and_their_levels_move(kind):
    grid = np.stack(np.meshgrid(np.arange(200), np.arange(200)), -1).reshape(-1, 2) / 200 + 0.0012
    zones = DEMO_ZONES[kind]
    cover = sum(inside(grid.astype(np.float32), zone).astype(int) for zone in zones.values())
    assert np.max(cover) == 1
    scene = Scene(kind=kind, seed=7, people=DEMO_PEOPLE[kind], fps=1.0, size=(320, 180))
    out = np.empty((180, 320, 3), np.uint8)
    truths = (scene.render(out) for _ in range(150))
    levels = [[truth.occupancy(zone) for zone in zones.values()] for truth in truths]
    usual = np.median(levels, axis=0)
    assert usual.min() < 11 < usual.max()
    assert np.ptp(np.array(levels), axis=0).min() >= 3
    assert all(len(line) == 2 for line in DEMO_LINES[kind].values())


def test_a_random_place_is_another_place_each_time():
    means = [run(Scene(kind="random", seed=seed), 1)[0].mean() for seed in range(12)]
    assert np.std(means) > 15


@pytest.mark.parametrize("size", [(320, 180), (416, 416), (1280, 720), (360, 640)])
def test_any_size(size):
    out, (truth,) = run(Scene(kind="random", seed=4, size=size, people=9), 1, size)
    assert out.std() > 1
    assert truth.xyxy.min(initial=0) >= 0
    assert truth.xyxy.max(initial=0) <= 1


def test_nobody_is_a_truth_too():
    _, (truth,) = run(Scene(kind="carriage", seed=1, people=0), 1)
    assert truth.xyxy.shape == (0, 4)


def test_a_wrong_buffer_is_refused():
    with pytest.raises(ValueError, match="expected"):
        Scene(kind="platform").render(np.empty((10, 10, 3), np.uint8))


# Public COCO models, which never saw these figures. --------------------------------------------


def detect(session, picture: np.ndarray) -> np.ndarray:
    """Boxes (n, 4) in pixels of persons at confidence 0.25; 640 x 360 pictures in grey bars."""
    square = np.full((640, 640, 3), 114, np.uint8)
    square[140:500] = picture
    blob = square[None, :, :, ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 255
    feed = {session.get_inputs()[0].name: np.ascontiguousarray(blob)}
    rows: np.ndarray = session.run(None, feed)[0][0]
    if rows.shape[-1] == 6:
        boxes = rows[(rows[:, 4] >= 0.25) & (rows[:, 5] == 0), :4]
        return np.asarray(boxes - [0, 140, 0, 140])
    rows = rows.T[rows[4:].argmax(axis=0) == 0]
    rows = rows[rows[:, 4] >= 0.25]
    corner = rows[:, :2] - rows[:, 2:4] / 2
    places = np.hstack([corner, rows[:, 2:4]]).tolist()
    kept = cv2.dnn.NMSBoxes(places, rows[:, 4].tolist(), 0.25, 0.7)
    boxes = np.hstack([corner, corner + rows[:, 2:4]])[np.asarray(kept, int).reshape(-1)]
    return np.asarray(boxes - [0, 140, 0, 140])


def found(truth: Truth, boxes: np.ndarray) -> np.ndarray:
    """(N,) bool: people matched at IoU 0.5, a box matches one person."""
    real = truth.xyxy * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    hit = np.zeros(len(real), bool)
    for box in boxes:
        low, high = np.maximum(real[:, :2], box[:2]), np.minimum(real[:, 2:], box[2:])
        both = np.clip(high - low, 0, None).prod(axis=1)
        areas = (real[:, 2:] - real[:, :2]).prod(axis=1) + (box[2:] - box[:2]).prod()
        overlap = np.where(hit, 0, both / (areas - both))
        if len(overlap) and overlap.max() >= 0.5:
            hit[overlap.argmax()] = True
    return hit


def recall(session, kind: Kind) -> float:
    """Share found of people at least half visible and 32 pixels high, 20 frames, 4 s apart."""
    hits = list[bool]()
    out = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for seed in (7, 21):
        scene = Scene(kind=kind, seed=seed, people=LOOSE[kind])
        for _ in range(10):
            for _ in range(39):
                scene._world.step(0.1)
            truth = scene.render(out)
            tall = (truth.xyxy[:, 3] - truth.xyxy[:, 1]) * HEIGHT >= 32
            hits += found(truth, detect(session, out))[tall & (truth.visible >= 0.5)].tolist()
    return float(np.mean(hits))


# Measured when this was written (recall(), onnxruntime on CPU): platform yolo11n 0.835, yolov8n
# 0.886, yolo26n 0.852; carriage yolo11n 0.605, yolov8n 0.525, yolo26n 0.487, where most are hidden.
LOOSE = {"platform": 21, "carriage": 20}  # a looser crowd than the demo's: fewer are hidden
FLOORS = (
    ("yolo11n_640_fp32_recon.onnx", "platform", 0.79),
    ("yolo11n_640_fp32_recon.onnx", "carriage", 0.54),
    ("yolov8n_640_fp32_recon.onnx", "platform", 0.83),
    ("yolo26n_640_e2e_fp32_recon.onnx", "platform", 0.79),
)


@pytest.mark.parametrize(("model", "kind", "floor"), FLOORS)
def test_public_models_find_these_people(model, kind, floor):
    path = SHARED / "models" / "agpl" / model
    if not path.is_file():
        pytest.skip(f"{path} is not there: the shared models are needed to measure recall")
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # before the import: the wheel reads it then
    ort = pytest.importorskip("onnxruntime")
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    assert recall(session, kind) >= floor
