"""Batches that are ready to learn from: of real pictures, of strange ones, of rendered scenes.

Rule 1: a batch is used several times (`Pool`): making it takes as long as learning from it.
Rule 2: what does not learn (the frozen layers, the parent) runs once, when a batch is made.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from losses import IMITATED, READ_LATER, Lesson, frozen, tensors, walk
from pictures import Random, Sample, colour, compose, read, strange

# Input sizes and how often: the shipped ones, and others so that any size works.
SIZES = ((640, 384), (512, 288), (416, 416), (512, 320), (320, 320), (384, 384))
SHARES = np.array((4, 3, 3, 2, 1.5, 1.5)) / 15
SCENE_SIZES = ((640, 384), (512, 288), (512, 288))
NOBODY = np.zeros((0, 4), np.float32)
PIXELS_A_PICTURE = 150_000  # a batch of N holds N times as many pixels


@dataclass
class Pool:
    """Batches that were made; a new one now and then, else an old one again."""

    fresh: float  # share of steps that make a new one
    most: int = 150
    held: list[Lesson] = field(default_factory=list)

    def wants_new(self, rng: Random) -> bool:
        return len(self.held) < 8 or rng.random() < self.fresh

    def take(self, rng: Random) -> Lesson:
        return self.held[rng.integers(len(self.held))]

    def put(self, lesson: Lesson) -> Lesson:
        self.held = [*self.held[-self.most + 1 :], lesson]
        return lesson


@dataclass
class Class:
    """Who learns from whom, and from which pictures."""

    child: torch.nn.Module
    teacher: torch.nn.Module
    kept: torch.Tensor  # of the parent's last block's channels
    device: torch.device
    batch: int
    real: list[Sample]
    scenes: list[Path]
    rng: Random

    def ready(self, samples: list[Sample], taught: bool) -> Lesson:
        """Run what is frozen, and the parent if it is to be imitated."""
        pixels, labels = tensors([Sample(colour(s.picture, self.rng), s.xyxy) for s in samples])
        with torch.no_grad(), torch.autocast(self.device.type, dtype=torch.bfloat16):
            base = frozen(self.teacher, pixels.to(self.device))
            said, felt = None, {}
            if taught:
                said, layers = walk(self.teacher, None, base)
                felt = {at: layers[at] for at in IMITATED}
                felt[IMITATED[-1]] = felt[IMITATED[-1]][:, self.kept]
                said = {name: said[name].bfloat16() for name in ("boxes", "scores")}
        base = [x if at in READ_LATER else None for at, x in enumerate(base)]
        return Lesson(len(samples), base, labels, said, felt)

    def many(self, size: tuple[int, int]) -> int:
        return max(2, round(self.batch * PIXELS_A_PICTURE / (size[0] * size[1])))

    def real_lesson(self) -> Lesson:
        size = SIZES[self.rng.choice(len(SIZES), p=SHARES)]
        samples = []
        for _ in range(self.many(size)):
            alone = self.rng.random() < 0.5
            zoom = (0.5, 1.8) if alone else (0.8, 2.2)
            samples.append(compose(self.real, size, self.rng, zoom, alone))
        return self.ready(samples, taught=True)

    def strange_lesson(self) -> Lesson:
        """Real pictures as no camera gives them, some mixed with a rendered one; no labels."""
        size = SIZES[self.rng.choice(len(SIZES), p=SHARES)]
        samples = []
        for _ in range(self.many(size)):
            source = self.real
            if self.scenes and self.rng.random() < 0.15:
                path = self.scenes[self.rng.integers(len(self.scenes))]
                source = [read(path, path.parents[1] / "labels")]
            one = compose(self.real, size, self.rng, (0.5, 4.0), bool(self.rng.random() < 0.5))
            other = compose(source, size, self.rng, (0.5, 3.0), bool(self.rng.random() < 0.5))
            samples.append(Sample(strange(one.picture, other.picture, self.rng), NOBODY))
        return self.ready(samples, taught=True)

    def scene_lesson(self) -> Lesson:
        size = (
            SCENE_SIZES[self.rng.integers(3)]
            if self.rng.random() < 0.75
            else SIZES[self.rng.integers(6)]
        )
        samples = []
        for _ in range(self.many(size)):
            alone = self.rng.random() < 0.8
            paths = [
                self.scenes[i] for i in self.rng.integers(len(self.scenes), size=1 if alone else 4)
            ]
            drawn = [read(path, path.parents[1] / "labels") for path in paths]
            samples.append(
                compose(drawn, size, self.rng, (0.8, 1.3) if alone else (1.0, 2.4), alone)
            )
        return self.ready(samples, taught=False)


@dataclass(frozen=True)
class Course:
    """One kind of lesson; one of each is taken at every step."""

    make: Callable[[], Lesson]
    labels: float  # weight of the labels
    pool: Pool
    every: int = 1  # steps


def courses_of(room: Class, chosen: argparse.Namespace) -> list[Course]:
    made = [
        Course(room.real_lesson, chosen.real_labels, Pool(chosen.fresh)),
        Course(room.strange_lesson, 0.0, Pool(chosen.fresh)),
    ]
    if room.scenes:
        pool = Pool(chosen.fresh)
        made.append(Course(room.scene_lesson, chosen.scene_labels, pool, chosen.scenes_every))
    return made
