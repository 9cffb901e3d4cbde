"""What does a detector cost beside its network? `python -m benchmarks.detection --help`

Per stage (letterbox, network, decoding with NMS, wiping) and as one `detect`, on one core, against
the bare runtime's `run` on the same tensor in turns, so that a busy machine is unfair to none.
The picture is a crowd: people of the synthetic kind are not needed, a real output's shape is: the
network's own output is replaced by one that holds `--people` persons and their usual clusters.
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np

from counter import models
from counter.detectors import yolo
from counter.detectors.onnx import OnnxDetector
from counter.detectors.open import open_detector
from counter.frame import Frame, Pixels
from counter.settings import ModelSettings

CAMERAS = ((640, 360), (640, 480), (1280, 720), (1920, 1080))
CLUSTER = 9  # rows above 0.1 for each person: 230 for 30 found on a crowded plaza, rounded up


def device() -> dict[str, str]:
    """Name the machine: a number without it means nothing."""
    cpu = next(
        (line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
         if line.startswith(("model name", "Model"))),
        platform.machine(),
    )  # fmt: skip
    return {
        "cpu": cpu,
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": platform.release(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "onnxruntime", "opencv-python-headless")},
        "load": " ".join(f"{load:.1f}" for load in os.getloadavg()),
    }


def crowd(head: yolo.Head, size: yolo.Size, people: int) -> yolo.Floats:
    """An output of the raw layout with `people` persons, each a cluster of overlapping rows."""
    rng = np.random.default_rng(0)
    rows = sum((size[0] // stride) * (size[1] // stride) for stride in (8, 16, 32))
    output = np.zeros((1, 4 + head.classes, rows), np.float32)
    output[0, 4:] = rng.random((head.classes, rows), np.float32) * 0.05
    at = rng.permutation(rows)[: people * CLUSTER]
    who = np.repeat(rng.random((2, people)) * 0.9 + 0.05, CLUSTER, axis=1)
    output[0, :2, at] = (who * np.array(size)[:, None] + rng.normal(0, 2, who.shape)).T
    output[0, 2:4, at] = np.array((0.05, 0.2)) * size * rng.normal(1, 0.04, (len(at), 2))
    output[0, 4 + head.person, at] = rng.uniform(0.1, 0.95, len(at))
    return output


def in_turns(stages: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Run all stages one after another, `rounds` times; milliseconds of each."""
    spent: dict[str, list[float]] = {name: [] for name in stages}
    for turn in range(rounds + rounds // 10 + 1):  # the first tenth warms up
        for name, stage in stages.items():
            begin = time.perf_counter_ns()
            stage()
            if turn > rounds // 10:
                spent[name].append((time.perf_counter_ns() - begin) / 1e6)
    return spent


def own_work(head: yolo.Head, size: yolo.Size, camera: yolo.Size, args: argparse.Namespace
             ) -> dict[str, list[float]]:  # fmt: skip
    """Everything but the network, for pictures of this camera."""
    pixels: Pixels = np.random.default_rng(1).integers(
        0, 256, (camera[1], camera[0], 3), dtype=np.uint8
    )
    box, output, place = (
        yolo.Letterbox(size),
        crowd(head, size, args.people),
        yolo.fit(camera, size),
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


def against_runtime(name: str, args: argparse.Namespace) -> dict[str, list[float]]:
    """`detect` on a 1280x720 frame, and the bare session on the tensor it would make."""
    detector = open_detector(ModelSettings(name=name, threads=args.threads))
    assert isinstance(detector, OnnxDetector)
    pixels = np.random.default_rng(1).integers(0, 256, (720, 1280, 3), dtype=np.uint8)
    box = yolo.Letterbox(models.find(name).entry.input)
    box.fill(pixels)
    session, source = detector._session, detector._session.get_inputs()[0].name  # noqa: SLF001
    frames = Frame(pixels, 0)
    stages: dict[str, Callable[[], object]] = {
        "bare run": lambda: session.run(None, {source: box.tensor}),
        "detect": lambda: detector.detect(frames),
    }
    return in_turns(stages, args.runs)


def summary(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"median": round(cuts[49], 3), "p90": round(cuts[89], 3), "p99": round(cuts[98], 3)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="counter-n", help="gives layout, classes and input size")
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=500, help="of the stages without network")
    parser.add_argument("--runs", type=int, default=50, help="of the network; 0: not at all")
    parser.add_argument("--threads", type=int, default=1, help="of the network; 0: one per core")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    entry = next(model.entry for model in models.listed() if model.name == args.model)
    head = yolo.Head("raw", "pixels", entry.classes, entry.person, floor=0.1, iou=0.7)
    size = entry.input
    report: dict[str, object] = {"device": device(), "model": args.model, "people": args.people}
    print(*(f"{key}: {value}" for key, value in device().items()), sep=" | ")
    print(f"own work, {args.model} {size[0]}x{size[1]}, {args.people} people, one core, ms")
    print(f"{'camera':>11} {'stage':<12} {'median':>8} {'p90':>8} {'p99':>8}")
    for camera in CAMERAS:
        for stage, values in own_work(head, size, camera, args).items():
            line = summary(values)
            report[f"{camera[0]}x{camera[1]} {stage}"] = line
            print(f"{camera[0]:>6}x{camera[1]:<4} {stage:<12}",
                  *(f"{value:8.3f}" for value in line.values()))  # fmt: skip
    if args.runs:
        spent = against_runtime(args.model, args)
        for stage, values in spent.items():
            report[stage] = summary(values)
            print(f"{stage:<24}", *(f"{value:8.2f}" for value in summary(values).values()))
        pairs = zip(spent["bare run"], spent["detect"], strict=True)
        report["ratio"] = round(statistics.median(bare / whole for bare, whole in pairs), 3)
        print(f"bare run / detect, turn by turn, median: {report['ratio']}")
    if args.json:
        args.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
