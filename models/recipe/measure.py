"""Measures person detectors of any shipped format on the same pictures and prints one table.

Rule 1: every figure of the model card comes from this program.
Rule 2: recall, precision and count are at one confidence; a hit is an IoU of 0.5 or more.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from runners import RUNNERS, open_runner
from scoring import Detector, Operation, Tally, figures, observe, together
from test_sets import UNIONS, all_sets

COLUMNS = ("pictures", "people", "ap50", "recall", "precision", "count_mae", "count_bias")
EPILOGUE = """example:
  python models/recipe/measure.py models/counter-n.onnx models/counter-n-openvino/counter-n.xml \\
      ../shared/models/agpl/yolo11n_640_fp32_recon.onnx --json train/measured.json
"""


def measure(detectors: list[Detector], samples: Any, label: str, every: int) -> list[Tally]:
    """Show one set to every detector, each picture once."""
    tallies = [Tally(detector.operation.confidence) for detector in detectors]
    for number, (picture, truth) in enumerate(samples):
        if number % every:
            continue
        for detector, tally in zip(detectors, tallies, strict=True):
            found = detector.detect(picture)
            observe(tally, found, truth)
            tally.seconds.append(detector.seconds)
        print(f"\rmeasure: {label.strip()}: picture {number + 1}", end="", file=sys.stderr)
    print(file=sys.stderr)
    return tallies


def line(label: str, model: str, result: dict[str, float]) -> str:
    cells = [f"{result[name]:g}" if name in result else "-" for name in COLUMNS]
    return f"| {label} | {model} | " + " | ".join(cells) + f" | {result['milliseconds']:g} |"


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shared = Path(os.environ.get("COUNTER_SHARED", "../shared"))
    parser.add_argument(
        "models", nargs="+", type=Path, help=f"files with a raw YOLO head: {' '.join(RUNNERS)}"
    )
    parser.add_argument("--shared", type=Path, default=shared, help="holds data/ (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--confidence", type=float, default=Operation.confidence)
    parser.add_argument("--nms", type=float, default=Operation.nms_iou, help="IoU (%(default)s)")
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    parser.add_argument("--every", type=int, default=1, help="one in so many pictures")
    parser.add_argument("--threads", type=int, default=1, help="of the runtime")
    return parser.parse_args(arguments)


def measure_all(detectors: list[Detector], chosen: argparse.Namespace) -> dict[str, list[Tally]]:
    """Every set, and those that are also told as one."""
    tallies: dict[str, list[Tally]] = {}
    for label, samples in all_sets(chosen.shared).items():
        if chosen.only in label:
            found = measure(detectors, samples(), label, chosen.every)
            if found[0].count_errors:
                tallies[label] = found
            else:
                print(f"measure: {label}: no pictures found, left out", file=sys.stderr)
    for label, parts in UNIONS.items():
        if all(part in tallies for part in parts):
            sets = zip(*(tallies[part] for part in parts), strict=True)
            tallies[label] = [together(list(of_one)) for of_one in sets]
    return tallies


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    for path in chosen.models:
        if not path.is_file():
            print(f"measure: error: {path}: no such file", file=sys.stderr)
            print("measure: hint: export one with models/recipe/export.py", file=sys.stderr)
            return 2
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    operation = Operation(chosen.confidence, chosen.nms)
    detectors = [Detector(open_runner(path, chosen.threads), operation) for path in chosen.models]
    try:
        tallies = measure_all(detectors, chosen)
    except KeyboardInterrupt:
        print("\nmeasure: stopped", file=sys.stderr)
        return 130
    head = ("set", "model", *(c.replace("_", " ") for c in COLUMNS), "ms")
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    results: dict[str, dict[str, Any]] = {}
    for label, found in tallies.items():
        named = {d.name: figures(t) for d, t in zip(detectors, found, strict=True)}
        results[label] = named
        rows += [line(label, name, result) for name, result in named.items()]
    print("\n".join(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
