"""What do letterbox and decoding cost, for pictures of several cameras?

Each stage by itself, in turns, so that a busy machine is unfair to none. Decoding reads an output
made up to hold a crowd: each person is a cluster of rows, as many as a crowded plaza really gave.
The network, bare and behind each backend, is `backends`'.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.machine import report
from counter import models, registry
from counter.detectors import yolo
from counter.detectors.letterbox import Planes, Size, fit
from counter.frame import Pixels
from counter.settings import ModelSettings

CAMERAS = ((640, 360), (640, 480), (1280, 720), (1920, 1080))
CLUSTER = 9  # rows above 0.1 for each person: 230 for 30 found on a crowded plaza, rounded up


def crowd(head: yolo.Head, size: Size, people: int) -> yolo.Floats:
    """An output of the raw layout with `people` persons, each a cluster of overlapping rows."""
    rng = np.random.default_rng(0)
    rows = sum((size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32))
    if people * CLUSTER > rows:
        raise SystemExit(f"--people: an output of {rows} rows holds at most {rows // CLUSTER}")
    output = np.zeros((1, 4 + head.classes, rows), np.float32)
    output[0, 4:] = rng.random((head.classes, rows), np.float32) * 0.05
    at = rng.permutation(rows)[: people * CLUSTER]
    who = np.repeat(rng.random((2, people)) * 0.9 + 0.05, CLUSTER, axis=1)
    output[0, :2, at] = (who * np.array(size)[:, None] + rng.normal(0, 2, who.shape)).T
    output[0, 2:4, at] = np.array((0.05, 0.2)) * size * rng.normal(1, 0.04, (len(at), 2))
    output[0, 4 + head.person, at] = rng.uniform(0.1, 0.95, len(at))
    return output


Spent = dict[str, list[tuple[float, float]]]  # of each stage: wall and own thread's CPU, ms


def in_turns(stages: dict[str, Callable[[], object]], rounds: int) -> Spent:
    """Run all stages one after another, `rounds` times.

    On a machine that others use, CPU time is what the stage takes, wall time what it waits too.
    """
    spent: Spent = {name: [] for name in stages}
    for turn in range(rounds + rounds // 10 + 1):  # the first tenth warms up
        for name, stage in stages.items():
            wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
            stage()
            cpu, wall = time.thread_time_ns() - cpu, time.perf_counter_ns() - wall
            if turn > rounds // 10:
                spent[name].append((wall / 1e6, cpu / 1e6))
    return spent


def own_work(head: yolo.Head, size: Size, camera: Size, args: argparse.Namespace
             ) -> Spent:  # fmt: skip
    """Everything but the network, for pictures of this camera."""
    pixels: Pixels = np.random.default_rng(1).integers(
        0, 256, (camera[1], camera[0], 3), dtype=np.uint8
    )
    box, output, place = (
        Planes(size),
        crowd(head, size, args.people),
        fit(camera, size),
    )
    found = len(yolo.decode(output, head, place, 0))
    assert found >= args.people, "the crowd is not the crowd that was asked for"

    def whole() -> None:
        lay = box.fill(pixels)
        box.wipe()
        yolo.decode(output, head, lay, 0)

    stages: dict[str, Callable[[], object]] = {
        "letterbox": lambda: box.fill(pixels),
        "decode+NMS": lambda: yolo.decode(output, head, place, 0),
        "wipe": box.wipe,
        "all": whole,
    }
    return in_turns(stages, args.rounds)


def row(what: str, values: list[tuple[float, float]]) -> dict[str, Any]:
    wall, cpu = zip(*values, strict=True)
    cuts = statistics.quantiles(wall, n=100, method="inclusive")
    return {
        "stage": what,
        "wall ms, median": round(cuts[49], 3),
        "p90": round(cuts[89], 3),
        "p99": round(cuts[98], 3),
        "CPU ms, median": round(statistics.median(cpu), 3),
    }


def run(*, out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks detection", description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=500)
    args = parser.parse_args(rest)
    cv2.setNumThreads(1)
    name = model or ModelSettings().name
    entry = models.find(name).entry
    assert isinstance(entry, registry.Entry)
    head = yolo.Head("raw", "pixels", entry.classes, entry.person, floor=0.1, iou=0.7)
    rows = []
    for camera in CAMERAS:
        for stage, values in own_work(head, entry.input, camera, args).items():
            rows.append(row(f"{stage} {camera[0]}x{camera[1]}", values))
    question = (
        f"What does a detector cost beside its network? {name}, {entry.input[0]}x{entry.input[1]}, "
        f"{args.people} people, one thread"
    )
    load = " ".join(f"{load:.1f}" for load in os.getloadavg())
    report(f"{question}; load {load}", rows, out)
