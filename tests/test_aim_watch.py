"""Aiming as a person does it: drawn scenes with known truth, and the command."""

import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from subprocess import PIPE, CompletedProcess, Popen
from types import SimpleNamespace
from typing import Any

import pytest

from counter.aim.watch import Aim, watch
from counter.config import Loaded
from counter.errors import RefusedError
from counter.purposes import Purpose
from counter.settings import CameraSettings, LineSettings, Settings, ZoneSettings
from counter.start import Start, unrestrained
from tests.commands import ROOT, assert_mistake, counter

EDGE = [(1.0, 1.0), (1.0, 0.918), (0.761, 0.239), (0.403, 0.239), (0.304, 1.0)]
WALL = [(0.0, 0.0), (0.1, 0.0), (0.1, 0.15), (0.0, 0.15)]
UNKNOWN = "fewer than 11 persons in this time: not known"


def settings(camera: CameraSettings, **more: object) -> Settings:
    return Settings(
        site="s",
        device="d",
        purpose=Purpose.FOOTFALL,
        cameras={"hall": camera},
        **more,  # type: ignore[arg-type]
    )


def begun(made: Settings, seal: Callable[[], object] | None = None) -> Start:
    """A start with all rights; `seal` is called where the process would be sealed."""
    enclosure: Any = None if seal is None else SimpleNamespace(seal=seal)
    return replace(unrestrained(Loaded(made, "0" * 64, ())), enclosure=enclosure)


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def platform() -> Aim:
    """A minute of a crowded platform: people walk along it, nobody on its wall or far above."""
    camera = CameraSettings(source="synthetic:platform", people=60, fps=6, seed=3)
    made = settings(
        camera,
        lines={
            "across": LineSettings(camera="hall", points=[(0.761, 0.27), (0.179, 0.27)]),
            "wall": LineSettings(camera="hall", points=[(0.02, 0.02), (0.02, 0.3)]),
        },
        zones={
            "edge": ZoneSettings(camera="hall", polygon=EDGE),
            "wall": ZoneSettings(camera="hall", polygon=WALL),
        },
    )
    return watch(
        begun(made),
        1,
        never,
    )


def test_a_line_that_people_cross_and_one_that_nobody_does(platform):
    lines = platform.text.splitlines()
    assert "  line     across: 11 or more crossed it each way" in lines
    assert "  line     across: people are seen on both sides" in lines
    few = "fewer than 11 crossed it one way or the other: not known"
    assert f"  line     wall: {few}" in lines
    assert "  line     wall: people are seen on its left only" in lines
    assert any("wall: runs along the picture's border" in line for line in lines)


def test_a_zone_that_is_reached_and_one_that_is_not(platform):
    assert "  zone     edge: people stand in it" in platform.text
    assert f"  zone     wall: {UNKNOWN}" in platform.text
    rows = [line for line in platform.text.splitlines() if line.startswith("  |")]
    assert len(rows) == 9
    assert rows[0][3:7] == "    "  # the wall
    assert any("." in row for row in rows[3:])
    assert "camera hall: watched for 1 min" in platform.text
    assert "  picture  sharp and bright enough" in platform.text
    platform.insist()


@pytest.mark.slow
def test_a_camera_that_shows_people_too_large_is_refused():
    camera = CameraSettings(source="synthetic:platform", people=40, fps=5, seed=3, max_person_px=60)
    zones = {"edge": ZoneSettings(camera="hall", polygon=EDGE)}
    found = watch(begun(settings(camera, zones=zones)), 1, never)
    assert "too large: " in found.text
    with pytest.raises(RefusedError) as caught:
        found.insist()
    assert caught.value.name == "recognisable-people"
    assert caught.value.message.startswith("cameras.hall: ")
    assert caught.value.hint


def test_nothing_is_imported_after_the_process_was_sealed():
    before: list[set[str]] = []
    camera = CameraSettings(source="synthetic:carriage", people=30, fps=2)
    zones = {"edge": ZoneSettings(camera="hall", polygon=EDGE)}
    seal = lambda: before.append(set(sys.modules))  # noqa: E731
    watch(begun(settings(camera, zones=zones), seal), 1, never)
    assert set(sys.modules) - before[0] == set()


CONFIG = """
site = "s"
device = "d"
purpose = "passenger-information"
[cameras.hall]
source = "synthetic:platform"
people = 40
fps = 3
seed = 3
max_person_px = 60
[zones.edge]
camera = "hall"
polygon = [[1.0, 1.0], [1.0, 0.918], [0.761, 0.239], [0.403, 0.239], [0.304, 1.0]]
seats = 40
"""


@pytest.mark.slow
def test_the_command_prints_the_answer_and_refuses_people_who_are_too_large(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(CONFIG)
    done = counter("check", str(path), "--aim", "--minutes", "1")
    assert "s/d: valid; purpose passenger-information" in done.stdout
    assert "camera hall: watched for 1 min" in done.stdout
    assert "too large: " in done.stdout
    watched = [
        "counter: watching for 1 min; Ctrl-C ends it earlier and still answers",
        "counter: 1 of 1 min watched",
    ]
    said = [line for line in done.stderr.splitlines() if "sandbox" not in line]
    assert "counter: sandbox " in done.stderr
    assert said[:2] == watched
    assert_mistake(
        CompletedProcess([], done.returncode, "", "\n".join(said[2:])),
        "cameras.hall",
        "(refused: recognisable-people)",
    )


def test_the_command_ends_well_where_people_are_small_enough_and_early_when_asked(tmp_path):
    path = tmp_path / "box.toml"
    path.write_text(CONFIG.replace("max_person_px = 60", ""))
    with Popen(
        [sys.executable, "-m", "counter", "check", str(path), "--aim", "--minutes", "60"],
        cwd=ROOT,
        stdout=PIPE,
        stderr=PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        assert "sandbox" in running.stderr.readline()
        assert "watching for 60 min" in running.stderr.readline()
        time.sleep(2)
        running.send_signal(signal.SIGINT)
        said, errors = running.communicate(timeout=60)
    assert running.returncode == 0
    assert errors == ""
    assert "camera hall: watched for " in said
