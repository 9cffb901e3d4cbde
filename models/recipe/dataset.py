"""Builds the training set: real pictures with person boxes, and rendered scenes with exact truth.

Rule 1: what is held out is decided by name or seed, never by chance, so that a second build on
another machine holds out the same pictures.
Rule 2: research-only sets are not read here; PennFudan is left whole as an out-of-sample test.
Rule 3: rendered scenes whose seed is below FIRST_TRAINING_SEED are for measuring only.
Rule 4: a build that was stopped goes on where it stopped: a picture that has a label is finished.
"""

import argparse
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
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
FIRST_VALIDATION_SEED, VALIDATION_SCENES = 50_000, 12
# Carriages are the hardest: near people, most of them behind others.
KINDS = ("random", "platform", "carriage", "random", "carriage")
EPILOGUE = """example:
  python models/recipe/dataset.py --out train/data --scenes 400
  python models/recipe/dataset.py --out train/data --scenes 600   # 200 more of them
"""


def held_out(name: str) -> bool:
    """Whether a picture is for validation: by the SHA-256 of its name."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 < HELD_OUT


def split_of_real(names: list[str]) -> dict[str, str]:
    """The split, `train` or `val`, of each real picture that may be trained on."""
    usable = sorted(name for name in names if name.startswith(REAL_SETS))
    place = [name for name in usable if name.startswith(ONE_PLACE)]
    late = set(place[round(len(place) * (1 - HELD_OUT)) :])
    return {
        name: "val" if name in late or (name not in place and held_out(name)) else "train"
        for name in usable
    }


def copy_real(shared: Path, out: Path) -> dict[str, list[Path]]:
    """Copy the real pictures and labels; the paths of each split."""
    source = shared / "data/person"
    names = [path.name for path in sorted((source / "images").glob("*.jpg"))]
    if not names:
        raise SystemExit(
            f"dataset: error: {source}/images holds no pictures\n"
            "dataset: hint: set COUNTER_SHARED to the folder that holds data/person"
        )
    splits: dict[str, list[Path]] = {"train": [], "val": []}
    for name, split in split_of_real(names).items():
        picture = out / "real" / split / "images" / name
        label = out / "real" / split / "labels" / f"{picture.stem}.txt"
        for target, origin in (
            (picture, source / "images" / name),
            (label, source / "labels" / label.name),
        ):
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.exists():
                shutil.copyfile(origin, target)
        splits[split].append(picture)
    return splits


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


def render_all(out: Path, first: int, scenes: int, kinds: Sequence[str]) -> dict[str, list[Path]]:
    """Render the training and validation scenes, saying how far it is."""
    splits: dict[str, list[Path]] = {"train": [], "val": []}
    few = min(VALIDATION_SCENES, scenes)
    wanted = (("val", FIRST_VALIDATION_SEED, few), ("train", first, scenes))
    for split, start, count in wanted:
        folder = out / "scenes" / split
        for kind in ("images", "labels"):
            (folder / kind).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            splits[split].extend(render_scene(start + index, kinds, folder))
            print(f"\rdataset: {split} scene {index + 1} of {count}", end="", file=sys.stderr)
        print(file=sys.stderr)
    return splits


def write_yaml(
    out: Path, real: dict[str, list[Path]], drawn: dict[str, list[Path]], times: int
) -> None:
    """Write the file that the trainer reads; real pictures are listed `times` times."""
    train = drawn["train"] + real["train"] * times
    val = drawn["val"] + real["val"]
    for name, paths in (("train", train), ("val", val)):
        lines = (f"{path.resolve()}\n" for path in paths)
        (out / f"{name}.txt").write_text("".join(lines), encoding="utf-8")
    content = {"path": str(out.resolve()), "train": "train.txt", "val": "val.txt"}
    content["names"] = {0: "person"}
    (out / "data.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = Path(os.environ.get("COUNTER_SHARED", "../shared"))
    parser.add_argument("--out", type=Path, required=True, help="folder to build in")
    parser.add_argument("--shared", type=Path, default=shared, help="holds data/ (%(default)s)")
    parser.add_argument("--scenes", type=int, default=0, help="rendered training scenes")
    parser.add_argument("--first-seed", type=int, default=FIRST_TRAINING_SEED)
    parser.add_argument(
        "--kinds", nargs="+", default=KINDS, choices=sorted(set(KINDS)), help="taken in turn"
    )
    parser.add_argument(
        "--times-real", type=int, default=4, help="how often each real picture is listed"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    if chosen.first_seed < FIRST_TRAINING_SEED:
        print(f"dataset: error: --first-seed is below {FIRST_TRAINING_SEED}", file=sys.stderr)
        print("dataset: hint: lower seeds are held out for measuring", file=sys.stderr)
        return 2
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    chosen.out.mkdir(parents=True, exist_ok=True)
    try:
        real = copy_real(chosen.shared, chosen.out)
        drawn = render_all(chosen.out, chosen.first_seed, chosen.scenes, chosen.kinds)
    except KeyboardInterrupt:
        print("\ndataset: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    write_yaml(chosen.out, real, drawn, chosen.times_real)
    for split in ("train", "val"):
        print(f"{split}: {len(real[split])} real, {len(drawn[split])} rendered pictures")
    print(f"dataset: wrote {chosen.out / 'data.yaml'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
