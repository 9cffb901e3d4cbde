"""Measures ONNX person detectors on the same pictures and prints one table.

Rule 1: every figure of the model card comes from this program.
Rule 2: recall, precision and count are at one confidence; a hit is an IoU of 0.5 or more.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from scoring import OnnxDetector, Operation, Tally, figures, observe
from test_sets import all_sets

COLUMNS = ("pictures", "people", "ap50", "recall", "precision", "count_mae", "count_bias")
EPILOGUE = """example:
  python models/recipe/measure.py models/counter-n.onnx \\
      ../shared/models/agpl/yolo11n_640_fp32_recon.onnx --json train/measured.json
"""


def measure(detectors: list[OnnxDetector], samples: Any, label: str) -> list[Tally]:
    """Show one set to every detector, each picture once."""
    tallies = [Tally(detector.operation.confidence) for detector in detectors]
    for number, (picture, truth) in enumerate(samples):
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
    parser.add_argument("models", nargs="+", type=Path, help="ONNX files, raw YOLO head")
    parser.add_argument("--shared", type=Path, default=shared, help="holds data/ (%(default)s)")
    parser.add_argument("--json", type=Path, help="also write the figures here")
    parser.add_argument("--confidence", type=float, default=Operation.confidence)
    parser.add_argument("--nms", type=float, default=Operation.nms_iou, help="IoU (%(default)s)")
    parser.add_argument("--only", default="", help="sets whose name contains this text")
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    for path in chosen.models:
        if not path.is_file():
            print(f"measure: error: {path}: no such file", file=sys.stderr)
            print("measure: hint: export one with models/recipe/export.py", file=sys.stderr)
            return 2
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    operation = Operation(chosen.confidence, chosen.nms)
    detectors = [OnnxDetector(path, operation) for path in chosen.models]
    results: dict[str, dict[str, Any]] = {}
    head = ("set", "model", *(c.replace("_", " ") for c in COLUMNS), "ms")
    rows = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    try:
        for label, samples in all_sets(chosen.shared).items():
            if chosen.only not in label:
                continue
            tallies = measure(detectors, samples(), label)
            if not tallies[0].count_errors:
                print(f"measure: {label}: no pictures found, left out", file=sys.stderr)
                continue
            results[label.strip()] = {}
            for detector, tally in zip(detectors, tallies, strict=True):
                results[label.strip()][detector.name] = figures(tally)
                rows.append(line(label, detector.name, figures(tally)))
    except KeyboardInterrupt:
        print("\nmeasure: stopped", file=sys.stderr)
        return 130
    print("\n".join(rows))
    if chosen.json:
        chosen.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
