"""The pictures that counter-n learns from, and how each is changed before it is shown.

Rule 1: a real picture is used only if the terms stated for it allow to ship what was learnt from
it: the table ALLOWED. Everything else real is for measuring.
Rule 2: what is held out is decided in dataset.py, by name or by seed.
Rule 3: boxes follow every geometric change; one that loses most of its area is dropped.
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from dataset import split_of_real
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Rows = NDArray[np.float32]
Random = np.random.Generator
GREY = 114
# COCO's photographs carry the licence of their Flickr page: 4 is CC BY, 5 CC BY-SA, 7 "no known
# restrictions". Left out: 1 to 3 (non-commercial), 6 (no derivatives), unknown.
COCO_ALLOWED = ("4", "5", "7")
LEAST_LEFT = 0.35  # of a box's area; less is not a person to be found
LEAST_SIDE = 6.0  # pixels
SMALLER = 0.6  # from this scale down, pixels are averaged
LEVELS = np.arange(256, dtype=np.float32)


@dataclass(frozen=True)
class Sample:
    picture: Picture
    xyxy: Rows  # (N, 4) pixels


def allowed(shared: Path) -> list[str]:
    """Names in person/images that may be trained on."""
    with (shared / "data/index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "person-boxes"]
    names = []
    for row in rows:
        licence = re.fullmatch(r"flickr-licence-id=(\S+).*", row["note"])
        if row["item"] == "cafe" or (licence and licence[1] in COCO_ALLOWED):
            names.append(Path(row["file"]).name)
    split = split_of_real([path.name for path in (shared / "data/person/images").glob("*.jpg")])
    return sorted(name for name in names if split.get(name) == "train")


def read(picture: Path, labels: Path) -> Sample:
    pixels = cv2.imread(str(picture))
    height, width = pixels.shape[:2]
    lines = (labels / f"{picture.stem}.txt").read_text(encoding="utf-8").splitlines()
    rows = np.array([line.split()[1:5] for line in lines], np.float32).reshape(-1, 4)
    rows *= np.array([width, height, width, height], np.float32)
    return Sample(
        pixels, np.concatenate([rows[:, :2] - rows[:, 2:] / 2, rows[:, :2] + rows[:, 2:] / 2], 1)
    )


def place(sample: Sample, region: Picture, scale: float, rng: Random) -> Rows:
    """Lay the picture, scaled and perhaps mirrored, somewhere into the region; its boxes there."""
    high, wide = region.shape[:2]
    height, width = sample.picture.shape[:2]
    stretch = float(rng.uniform(0.9, 1.1))
    pixels, ratio = sample.picture, np.array([scale * stretch, scale / stretch])
    size = np.maximum(1, np.round(np.array([width, height]) * ratio)).astype(int)
    spare = np.array([wide, high]) - size
    shift = np.minimum(spare, 0) + rng.random(2) * np.abs(spare)
    left, top = (int(value) for value in shift)
    xyxy = sample.xyxy * np.tile(size / np.array([width, height]), 2)
    how = cv2.INTER_AREA if scale < SMALLER else cv2.INTER_LINEAR
    pixels = cv2.resize(pixels, (int(size[0]), int(size[1])), interpolation=how)
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
        xyxy = np.stack([size[0] - xyxy[:, 2], xyxy[:, 1], size[0] - xyxy[:, 0], xyxy[:, 3]], 1)
    seen = pixels[max(0, -top) : high - top, max(0, -left) : wide - left]
    at = max(0, top), max(0, left)
    region[at[0] : at[0] + seen.shape[0], at[1] : at[1] + seen.shape[1]] = seen
    return kept_boxes(xyxy + np.array([left, top] * 2), (wide, high))


def kept_boxes(xyxy: Rows, size: tuple[int, int]) -> Rows:
    """What of the boxes is inside, without those of which little is."""
    inside = np.clip(xyxy, 0, np.array(size * 2))
    sides, full = inside[:, 2:] - inside[:, :2], xyxy[:, 2:] - xyxy[:, :2]
    keep = (sides.prod(1) > LEAST_LEFT * full.prod(1)) & (sides.min(1) >= LEAST_SIDE)
    return inside[keep].astype(np.float32)


def compose(
    samples: list[Sample],
    size: tuple[int, int],
    rng: Random,
    zoom: tuple[float, float],
    alone: bool,
) -> Sample:
    """One picture, or four side by side, on a grey canvas; `zoom` is the range of the scale."""
    width, height = size
    canvas = np.full((height, width, 3), GREY, np.uint8)
    x, y = int(width * rng.uniform(0.3, 0.7)), int(height * rng.uniform(0.3, 0.7))
    cells = [(0, 0, x, y), (x, 0, width, y), (0, y, x, height), (x, y, width, height)]
    boxes = []
    for left, top, right, bottom in [(0, 0, width, height)] if alone else cells:
        sample = samples[rng.integers(len(samples))]
        fit = min(
            (right - left) / sample.picture.shape[1], (bottom - top) / sample.picture.shape[0]
        )
        scale = fit * float(np.exp(rng.uniform(*np.log(zoom))))
        found = place(sample, canvas[top:bottom, left:right], scale, rng)
        boxes.append(found + np.array([left, top] * 2, np.float32))
    return Sample(canvas, np.concatenate(boxes))


def colour(pixels: Picture, rng: Random) -> Picture:
    """Light and colour; now and then night, grey, or a poor camera."""
    gain = 1 + rng.uniform(-1, 1, 3) * np.array([0.015, 0.6, 0.4])
    tables = [np.clip(LEVELS * value, 0, 255).astype(np.uint8) for value in gain]
    if rng.random() < 0.15:  # night
        dark = 255 * (LEVELS / 255) ** rng.uniform(1.3, 2.5) * rng.uniform(0.4, 0.9)
        tables[2] = dark.astype(np.uint8)
    planes = cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV))
    turned = cv2.merge([cv2.LUT(plane, t) for plane, t in zip(planes, tables, strict=True)])
    pixels = cv2.cvtColor(turned, cv2.COLOR_HSV2BGR)
    if rng.random() < 0.05:
        pixels = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    return poor_camera(pixels, rng)


def strange(pixels: Picture, other: Picture, rng: Random) -> Picture:
    """Colours, turns and mixtures that no camera gives: to imitate only, as labels do not fit.

    The parent has an answer to any picture, and few real ones may be used; these ask it more.
    """
    if rng.random() < 0.5:
        planes = list(cv2.split(cv2.cvtColor(pixels, cv2.COLOR_BGR2HSV)))
        planes[0] = ((planes[0].astype(np.int16) + rng.integers(180)) % 180).astype(np.uint8)
        pixels = cv2.cvtColor(cv2.merge(planes), cv2.COLOR_HSV2BGR)
    if rng.random() < 0.3:
        pixels = pixels[..., rng.permutation(3)]
    if rng.random() < 0.3:
        pixels = pixels[::-1] if rng.random() < 0.5 else pixels[::-1, ::-1]
    if rng.random() < 0.1:
        pixels = 255 - pixels
    if rng.random() < 0.5:
        share = float(rng.uniform(0.25, 0.75))
        pixels = cv2.addWeighted(np.ascontiguousarray(pixels), share, other, 1 - share, 0)
    elif rng.random() < 0.5:
        y, x = rng.integers(pixels.shape[0] // 2), rng.integers(pixels.shape[1] // 2)
        pixels = pixels.copy()
        part = slice(y, y + pixels.shape[0] // 2), slice(x, x + pixels.shape[1] // 2)
        pixels[part] = other[part]
    return np.ascontiguousarray(pixels)


def poor_camera(pixels: Picture, rng: Random) -> Picture:
    """Few pixels or out of focus, noise, strong compression: each in some pictures."""
    height, width = pixels.shape[:2]
    if rng.random() < 0.12:
        share = rng.uniform(0.35, 0.8)
        small = cv2.resize(pixels, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        pixels = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    elif rng.random() < 0.1:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.5, 1.6))
    if rng.random() < 0.15:
        noise = np.empty(pixels.shape, np.int16)
        cv2.randn(noise, 0, float(rng.uniform(2, 12)))
        pixels = np.clip(pixels + noise, 0, 255).astype(np.uint8)
    if rng.random() < 0.15:
        quality = int(rng.integers(25, 85))
        _, packed = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        pixels = cv2.imdecode(packed, cv2.IMREAD_COLOR)
    return pixels
