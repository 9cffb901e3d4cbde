"""PROJECTION, not measured on this hardware: what would a Raspberry Pi 5 do, with a chip or alone?

Two things are put together. Published figures of the network alone, `its FPS`, from `source`:
  Zoo     Hailo Model Zoo, tables of object detection: the chip alone, batch 1
  Coral   Ultralytics, "How to Run Ultralytics YOLO26 on a Raspberry Pi with a Coral Edge TPU":
          Raspberry Pi 5 8 GB, YOLOv8n, inference alone, without its pre- and postprocessing
  Pi      published for a Raspberry Pi 5, inference alone; the title was not kept with the figures
  Pi / 4  the same, estimated for 320 pixels: a quarter of the time at 640
And our own work for a picture with --people people, `own ms`, which is measured here and now:
letterbox, decoding, tracker, zones, lines and tally, in processor time of one thread. How much
slower a core of a Pi is than one of this machine is an ASSUMPTION: columns x2 and x3 show what
follows if the same work takes twice or three times as long there. No published comparison with
this processor was found.

A chip that is given a picture while it works on another (Hailo) is as fast as the slowest of
network, PCIe and own work; where one waits for the other (Coral, processor) the times are added.
Not in it: reading the cameras (H.264 at 1080p30 is software on a Pi 5, 20 to 35 % of a core),
the copies that a driver makes, heat; and what Python adds between these functions: the loop, its
threads that wait for each other (one runs at a time), and the vendor's own Python. That can be the
most of it: others measured YOLO26n on a Hailo-8L end to end, 11.6 ms a picture in C++ (86 FPS) and
27.6 in Python (36 FPS). `slowest` is what holds at x3; `at 15 FPS` is for how many cameras that is
enough.

  python -m benchmarks projection                      20 people
  python -m benchmarks projection --people 100         a crowd
  python -m benchmarks projection --frames 20          a short look
"""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.job import OUT
from benchmarks.machine import report
from benchmarks.projection_work import MOST, own_ms
from benchmarks.rounds import load, progress, some, stoppable

HEADING: Final = "PROJECTION, not measured on this hardware"
FACTORS: Final = (2, 3)  # own work there / here: assumed, see above
CAMERA_FPS: Final = 15
ZOO, CORAL, PI, QUARTER = "Zoo", "Coral", "Pi", "Pi / 4"  # sources, see above


@dataclass(frozen=True)
class Published:
    """The network alone. `bounds`: frames a second that a link lets through, by its name."""

    device: str
    network: str
    side: int  # pixels of its input
    fps: float
    host: str  # which own work goes with it: of projection_work.HOSTS
    source: str
    overlaps: bool = False
    bounds: tuple[tuple[str, float], ...] = (("-", float("inf")),)


# 640x640x3 bytes a picture over the one lane of a Pi 5.
PCIE: Final = (("PCIe 2", 407.0), ("PCIe 3", 801.0))


def _hailo(device: str, network: str, fps: float) -> Published:
    return Published(device, network, 640, fps, "hailo", ZOO, overlaps=True, bounds=PCIE)


PUBLISHED: Final = (
    _hailo("Hailo-8L", "yolov6n", 356),
    _hailo("Hailo-8L", "yolov8n", 202),
    _hailo("Hailo-8L", "yolov11n", 157),
    _hailo("Hailo-8L", "yolov8s", 110),
    _hailo("Hailo-8", "yolov6n", 1250),
    _hailo("Hailo-8", "yolov8n", 1036),
    _hailo("Hailo-8", "yolov8s", 491),
    _hailo("Hailo-8", "yolov11n", 185),
    Published("Coral USB", "yolov8n", 320, 1000 / 22.2, "coral", CORAL),
    Published("Coral USB, max", "yolov8n", 320, 1000 / 16.7, "coral", CORAL),
    Published("CPU, ncnn", "yolo11n", 640, 1000 / 88, "cpu", PI),
    Published("CPU, ncnn", "yolo11n", 320, 4000 / 88, "cpu", QUARTER),
    Published("CPU, onnxruntime", "yolo11n", 640, 1000 / 168, "cpu", PI),
)


def projected(one: Published, bound: float, own_ms: float, factor: float) -> tuple[float, str]:
    """Frames a second, and what it is that allows no more."""
    own = own_ms * factor
    if not one.overlaps:
        return 1000 / (1000 / one.fps + own), "the sum"
    limits = {"network": one.fps, "PCIe": bound, "own work": 1000 / own}
    least = min(limits, key=lambda name: limits[name])
    return limits[least], least


def rows(own: dict[tuple[str, int], float]) -> list[dict[str, Any]]:
    table = []
    for one in PUBLISHED:
        for link, bound in one.bounds:
            if link != one.bounds[0][0] and one.fps <= one.bounds[0][1]:
                continue  # the slower link is no bound: the faster one changes nothing
            mine = own[one.host, one.side]
            found = {factor: projected(one, bound, mine, factor) for factor in FACTORS}
            fps, slowest = found[FACTORS[-1]]
            table.append(
                {
                    "Pi 5 with": one.device,
                    "network": f"{one.network} {one.side}",
                    "link": link,
                    "its FPS": round(one.fps, 1),
                    "own ms": round(mine, 2),
                    **{f"x{factor}": round(found[factor][0], 1) for factor in FACTORS},
                    "slowest": slowest,
                    f"at {CAMERA_FPS} FPS": int(fps // CAMERA_FPS),
                    "source": one.source,
                }
            )
    return table


def run(out: Path | None, model: str | None, rest: list[str]) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks projection",
        description=__doc__,
        epilog=f"and for every benchmark:\n{OUT}\n"
        "  --model       is refused: the networks are those published",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--people", type=int, default=20, help=f"1 to {MOST} (%(default)s)")
    parser.add_argument("--frames", type=some, default=300, help="of own work (%(default)s)")
    args = parser.parse_args(rest)
    if not 1 <= args.people <= MOST:
        raise SystemExit(f"projection: --people: expected 1 to {MOST}, as made-up outputs can hold")
    if model is not None:
        raise SystemExit(
            "projection: --model has no meaning here: the networks are those published"
        )
    asked = sorted({(one.host, one.side) for one in PUBLISHED})
    own: dict[tuple[str, int], float] = {}
    with progress("own work", len(asked)) as advance, stoppable():
        for host, side in asked:
            own[host, side] = own_ms(host, side, args.people, args.frames)
            advance()
    question = (
        f"{HEADING}: frames a second of a Raspberry Pi 5, {args.people} people. Own work measured"
        f" on the machine named here, and assumed to take 2 or 3 times as long there; {load()}"
    )
    print(HEADING)  # before anything else: what follows names the machine that was measured
    report(question, rows(own), out, account={"what this is": HEADING})
