"""A report as text, JSON and plot; the appliance's process never loads what draws it."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from counter.errors import ConfigError
from counter.evaluate import plot
from counter.evaluate.report import CountError, CrossingRow, IntervalRow, Report, ZoneError
from counter.evaluate.tables import as_text

drawn = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="needs the extra `evaluate`"
)
RUN = """
import sys
from counter.cli import cli
import counter.assemble, counter.check, counter.engine, counter.machine, counter.start
loaded = [name for name in sys.modules if name.startswith("counter.evaluate")]
assert not loaded, loaded
assert "matplotlib" not in sys.modules
"""


def report(**more) -> Report:
    return Report(source="a.mp4", model="m", backend="onnx", frames=1, seconds=60, **more)


def rows() -> Report:
    cell = "zone.view.occupancy"
    return report(
        intervals=(
            IntervalRow(cell, 0.0, 20, 18, 1.0, "20", "20"),
            IntervalRow(cell, 60.0, None, 4, 1.0, "missing", "<11"),
        ),
        crossings=(CrossingRow("line.door.entries", 0.0, 3, 2),),
    )


def test_the_appliance_never_loads_it():
    """Everything that `run` is made of is imported, and nothing of the laboratory comes along."""
    subprocess.run([sys.executable, "-c", RUN], check=True, cwd=Path(__file__).parents[1])


@drawn
@pytest.mark.parametrize(("suffix", "magic"), [(".svg", b"<?xml"), (".png", b"\x89PNG")])
def test_counts_are_drawn_over_time(tmp_path, suffix, magic):
    path = tmp_path / f"counts{suffix}"
    plot.check(path)
    plot.draw(rows(), path)
    drawing = path.read_bytes()
    assert drawing.startswith(magic)
    if suffix == ".svg":
        assert b"zone.view.occupancy" in drawing  # a comment beside the glyphs
        assert b"line.door.entries" in drawing


@drawn
def test_nothing_to_draw_and_no_place_for_it_are_said(tmp_path):
    with pytest.raises(ConfigError, match="no interval has closed"):
        plot.draw(report(), tmp_path / "a.svg")
    with pytest.raises(ConfigError, match="--plot"):
        plot.draw(rows(), tmp_path / "away" / "a.svg")


def test_a_name_without_a_format_is_refused_before_the_work(tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.png or \.svg"):
        plot.check(tmp_path / "counts.gif")


def test_a_missing_extra_is_one_line_with_a_hint(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConfigError, match="matplotlib is not installed") as caught:
        plot.check(tmp_path / "counts.svg")
    assert "evaluate" in caught.value.hint


def test_the_report_is_text_and_json():
    error = CountError.of([(20, 15), (20, 17)])
    told = report(
        zones=(ZoneError("view", error, error, None),),
        intervals=(
            IntervalRow("zone.view.occupancy", 0.0, 20, 15, 1.0, "20", "15"),
            IntervalRow("zone.view.occupancy", 30.0, None, 12, 1.0, "missing", "15"),
        ),
        notes=("cut short",),
    )
    text = as_text(told)
    assert "4.00" in text
    assert "15 *" in text
    assert "0 of 1 releases" in text
    assert "cut short" in text
    assert max(map(len, text.splitlines())) <= 100
    body = json.loads(told.to_json())
    assert body["zones"][0]["tracked"]["bias"] == -4
    assert [row["same"] for row in body["intervals"]] == [False, None]
