"""The pictures a model is measured on; none of them, nor a near-copy, was trained on.

Rule 1: every set is a generator of (picture, truth); a picture lives while it is looked at.
Rule 2: a set whose files are absent yields nothing, and measure.py says so.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from dataset import split_of_real
from numpy.typing import NDArray
from pictures import allowed
from scoring import Labelled

Sample = tuple[NDArray[np.uint8], Labelled]

# Below the first training seed, and not 7 to 16: on those the best of several stages was taken.
DEMO_SEEDS = range(20, 40)
DEMO_FRAMES = 4
DEMO_PEOPLE = {"platform": 30.0, "carriage": 24.0}  # on average, as `counter demo` when measured
DEMO_FPS = 2.0
DEMO_STEP = 6  # frames: 3 s, so that people have moved
OWED_VISIBLE = 0.5  # share of a rendered person that must be seen
OWED_HEIGHT = 24.0  # pixels in a 640 x 360 picture
COUNTED_VISIBLE = 0.25  # people that the count is compared with
PETS_SCALE = 0.625  # the truth is for 768 x 576, the copy of the footage is 480 x 360
PETS_EVERY = 10
MALL_EVERY = 20


def demo(kind: str) -> Iterator[Sample]:
    """Held-out seeds of a demo scene."""
    from counter.sources.synthetic import Scene

    width, height = 640, 360
    for seed in DEMO_SEEDS:
        scene = Scene(
            kind=kind, seed=seed, size=(width, height), fps=DEMO_FPS, people=DEMO_PEOPLE[kind]
        )
        for _ in range(DEMO_FRAMES):
            picture = np.empty((height, width, 3), np.uint8)
            for _ in range(DEMO_STEP):
                truth = scene.render(picture)
            xyxy = truth.xyxy * np.array([width, height, width, height], np.float32)
            small = xyxy[:, 3] - xyxy[:, 1] < OWED_HEIGHT
            ignored = (truth.visible < OWED_VISIBLE) | small
            yield picture, Labelled(xyxy, ignored, int((truth.visible >= COUNTED_VISIBLE).sum()))


def labelled(folder: Path, names: list[str]) -> Iterator[Sample]:
    """Pictures with YOLO label files."""
    for name in names:
        picture = cv2.imread(str(folder / "images" / name))
        height, width = picture.shape[:2]
        text = (folder / "labels" / name).with_suffix(".txt").read_text(encoding="utf-8")
        rows = np.array([line.split()[1:5] for line in text.splitlines()], np.float32)
        rows = rows.reshape(-1, 4) * np.array([width, height, width, height], np.float32)
        xyxy = np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], 1)
        yield picture, Labelled(xyxy, np.zeros(len(xyxy), np.bool_), len(xyxy))


def held_out_real(shared: Path, prefix: str) -> Iterator[Sample]:
    """The held-out fifth of one real set."""
    folder = shared / "data/person"
    split = split_of_real([path.name for path in (folder / "images").glob("*.jpg")])
    names = [name for name, part in sorted(split.items()) if part == "val"]
    yield from labelled(folder, [name for name in names if name.startswith(prefix)])


def other_real(shared: Path) -> Iterator[Sample]:
    """The real pictures that the model may not learn from, without the held-out ones."""
    folder, taught = shared / "data/person", set(allowed(shared))
    split = split_of_real([path.name for path in (folder / "images").glob("*.jpg")])
    names = [name for name, part in sorted(split.items()) if part == "train"]
    yield from labelled(folder, [name for name in names if name not in taught])


def penn_fudan(shared: Path) -> Iterator[Sample]:
    folder = shared / "data/person"
    names = sorted(p.name for p in (folder / "images").glob("*.jpg"))
    yield from labelled(folder, [n for n in names if n.startswith(("Fudan", "Penn"))])


def pets(shared: Path) -> Iterator[Sample]:
    """Every tenth frame of PETS2009 S2.L1 with its boxes."""
    path = shared / "data/mot/PETS09-S2L1/gt.txt"
    film = cv2.VideoCapture(str(shared / "data/videos/vtest_pets09s2l1.avi"))
    if not path.is_file() or not film.isOpened():
        return
    rows = np.loadtxt(path, delimiter=",", dtype=np.float32)
    rows = rows[(rows[:, 6] == 1) & (rows[:, 7] == 1)]
    index = 0
    while True:
        read, picture = film.read()
        if not read:
            return
        if index % PETS_EVERY == 0:
            here = rows[rows[:, 0] == index + 1][:, 2:6] * PETS_SCALE
            xyxy = np.concatenate([here[:, :2], here[:, :2] + here[:, 2:]], axis=1)
            yield picture, Labelled(xyxy, np.zeros(len(xyxy), np.bool_), len(xyxy))
        index += 1


def mall(shared: Path) -> Iterator[Sample]:
    """Every twentieth picture of Mall; heads are marked, so only the count is compared."""
    nobody = np.zeros((0, 4), np.float32)
    for path in sorted((shared / "data/points/mall/images").glob("*.jpg"))[::MALL_EVERY]:
        points = (path.parents[1] / "points" / path.name).with_suffix(".csv")
        lines = points.read_text(encoding="utf-8").split()
        heads = sum(1 for line in lines if line[0].isdigit())
        yield cv2.imread(str(path)), Labelled(nobody, np.zeros(0, np.bool_), heads)


def all_sets(shared: Path) -> dict[str, Callable[[], Iterator[Sample]]]:
    return {
        "demo platform": lambda: demo("platform"),
        "demo carriage": lambda: demo("carriage"),
        "held-out coco": lambda: held_out_real(shared, "coco_"),
        "held-out voc": lambda: held_out_real(shared, "voc_"),
        "held-out cafe": lambda: held_out_real(shared, "cafe_"),
        "other coco, voc": lambda: other_real(shared),
        "PennFudan": lambda: penn_fudan(shared),
        "PETS S2.L1": lambda: pets(shared),
        "Mall (count)": lambda: mall(shared),
    }


# Sets that are also told as one.
UNIONS = {
    "held-out real": ("held-out coco", "held-out voc", "held-out cafe"),
    "all unseen real": ("held-out coco", "held-out voc", "held-out cafe", "other coco, voc"),
}
