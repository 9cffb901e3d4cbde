"""Renders the scenes that are learnt from, with exact truth, and says which pictures are held out.

Rule 1: what is held out is decided by name or seed, never by chance, so that a second build on
another machine holds out the same pictures.
Rule 2: which real pictures may be learnt from is said in pictures.py; research-only sets are not.
Rule 3: rendered scenes whose seed is below FIRST_TRAINING_SEED are for measuring only.
Rule 4: a build that was stopped goes on where it stopped: a picture that has a label is finished.
"""

import argparse
import hashlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FIRST_TRAINING_SEED = 100_000
HELD_OUT = 0.2  # share of each real set
REAL_SETS = ("coco_", "voc_", "cafe_")  # prefixes in person/images; not the PennFudan ones
# `cafe` is one place photographed one minute after another: its last pictures are held out
# together, so that no near-copy of a held-out picture is trained on.
ONE_PLACE = "cafe_"
LEAST_VISIBLE = 0.25  # a rendered person less visible than this is not labelled
LEAST_HEIGHT = 10.0  # pixels; nor is one smaller than this
FRAMES_A_SCENE = 4  # pictures taken of one rendered scene, then a new seed
SCENE_FPS = 2.0
SCENE_STEP = 2  # frames between two pictures: 1 s
# Carriages are the hardest: near people, most of them behind others.
KINDS = ("platform", "carriage", "random", "carriage")
EPILOGUE = """example:
  python models/recipe/dataset.py --out train/scenes --scenes 400
  python models/recipe/dataset.py --out train/scenes --scenes 600   # 200 more of them
"""


def held_out(name: str) -> bool:
    """Whether a picture is for validation: by the SHA-256 of its name."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT


def split_of_real(names: list[str]) -> dict[str, str]:
    """The split, `train` or `val`, of each real picture with person boxes."""
    usable = sorted(name for name in names if name.startswith(REAL_SETS))
    place = [name for name in usable if name.startswith(ONE_PLACE)]
    late = set(place[round(len(place) * (1 - HELD_OUT)) :])
    return {
        name: "val" if name in late or (name not in place and held_out(name)) else "train"
        for name in usable
    }


def label_lines(xyxy: NDArray[np.float32], visible: NDArray[np.float32], height: int) -> str:
    """YOLO label lines of the people that a detector can be asked to find."""
    boxes = np.clip(xyxy, 0.0, 1.0)
    sides = boxes[:, 2:] - boxes[:, :2]
    keep = (visible >= LEAST_VISIBLE) & (sides[:, 1] * height >= LEAST_HEIGHT) & (sides[:, 0] > 0)
    lines = [
        "0 " + " ".join(f"{value:.6f}" for value in (*((box[:2] + box[2:]) / 2), *side))
        for box, side in zip(boxes[keep], sides[keep], strict=True)
    ]
    return "".join(f"{line}\n" for line in lines)


def scene_options(seed: int, kinds: Sequence[str]) -> dict[str, Any]:
    """What is drawn for a seed: the kind, the shape of the picture and how many people."""
    chance = np.random.default_rng(seed)
    kind = kinds[seed % len(kinds)]
    size = ((640, 360), (640, 360), (640, 480))[chance.integers(3)]
    # A random place draws its own number of people, from nobody to a crowd.
    people = None if kind == "random" else float(chance.uniform(2, 36))
    return {"kind": kind, "size": size, "people": people}


def render_scene(seed: int, kinds: Sequence[str], folder: Path) -> Iterator[Path]:
    """Render the pictures of one seed that are not there yet."""
    from counter.sources.synthetic import Scene

    options = scene_options(seed, kinds)
    names = [f"scene_{seed:06d}_{index}" for index in range(FRAMES_A_SCENE)]
    labels = [folder / "labels" / f"{name}.txt" for name in names]
    if not all(label.exists() for label in labels):
        scene = Scene(seed=seed, fps=SCENE_FPS, **options)
        width, height = options["size"]
        picture = np.empty((height, width, 3), np.uint8)
        for name, label in zip(names, labels, strict=True):
            for _ in range(SCENE_STEP):
                truth = scene.render(picture)
            if not label.exists():
                quality = 80 + seed % 5 * 4
                path = str(folder / "images" / f"{name}.jpg")
                cv2.imwrite(path, picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
                label.write_text(label_lines(truth.xyxy, truth.visible, height))
    for name in names:
        yield folder / "images" / f"{name}.jpg"


def render_all(out: Path, first: int, scenes: int, kinds: Sequence[str]) -> int:
    """Render the scenes, saying how far it is; the number of pictures."""
    folder, pictures = out / "train", 0
    for kind in ("images", "labels"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for index in range(scenes):
        pictures += sum(1 for _ in render_scene(first + index, kinds, folder))
        print(f"\rdataset: scene {index + 1} of {scenes}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return pictures


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to build in")
    parser.add_argument("--scenes", type=int, required=True, help="rendered training scenes")
    parser.add_argument("--first-seed", type=int, default=FIRST_TRAINING_SEED)
    parser.add_argument(
        "--kinds", nargs="+", default=KINDS, choices=sorted(set(KINDS)), help="taken in turn"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    if chosen.first_seed < FIRST_TRAINING_SEED:
        print(f"dataset: error: --first-seed is below {FIRST_TRAINING_SEED}", file=sys.stderr)
        print("dataset: hint: lower seeds are held out for measuring", file=sys.stderr)
        return 2
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    try:
        pictures = render_all(chosen.out, chosen.first_seed, chosen.scenes, chosen.kinds)
    except KeyboardInterrupt:
        print("\ndataset: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"dataset: {pictures} rendered pictures in {chosen.out / 'train'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
