"""The command as a person runs it, a film of nobody, and what a mistake looks like."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import jsonschema
import numpy as np

from counter.outputs.schema import schemas

ROOT = Path(__file__).parents[1]
SQUARE = [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]
COUNT = schemas()["count"]


def counter(*words: str, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "counter", *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


def film(path: Path, seconds: int) -> Path:
    """Write a grey film with noise: ten pictures a second of nobody."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (320, 240))
    dice = np.random.default_rng(1)
    for _ in range(seconds * 10):
        writer.write(dice.integers(90, 120, (240, 320, 3), np.uint8))
    writer.release()
    return path


def assert_mistake(done: subprocess.CompletedProcess[str], *words: str) -> None:
    news = ("counter: counting", "counter: sandbox")
    said = [line for line in done.stderr.splitlines() if not line.startswith(news)]
    assert done.returncode == 2, done.stderr
    assert len(said) == 2, done.stderr
    assert said[0].startswith("counter: error: ")
    assert said[1].startswith("counter: hint: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    for line in done.stdout.splitlines():
        jsonschema.validate(json.loads(line), COUNT)
