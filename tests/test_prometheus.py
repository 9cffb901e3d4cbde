"""/metrics as a scraper sees it: over HTTP, checked by promtool, equal between two releases."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from counter.levels import SERVICE
from counter.outputs.prometheus import PrometheusOutput
from counter.release import CameraHealth, CameraState, Level, Quality
from counter.settings import PrometheusSettings
from tests.broker import free_port
from tests.releases import (
    ANNOUNCEMENT,
    CELLS,
    ENTRIES,
    HEALTH,
    ZONE,
    busy,
    empty,
    interval,
    missing,
    published,
    suppressed,
)
from tests.scraping import Samples, of, samples, scrape


@pytest.fixture
def output() -> Iterator[PrometheusOutput]:
    made = PrometheusOutput(PrometheusSettings(port=free_port()), ANNOUNCEMENT)
    yield made
    made.close()


def test_a_release_is_what_a_scraper_reads(output: PrometheusOutput) -> None:
    output.publish((published(ZONE, 3, 40), suppressed(CELLS[0], 3), missing(ENTRIES, 3)), HEALTH)
    found = samples(output)
    assert of(found, "counter_occupancy_persons", kind="zone", name="front") == {"": 40}
    assert of(found, "counter_cell_fill_ratio", name="front") == {"zone,occupancy": 0.4}
    density = of(found, "counter_cell_density_persons_per_square_meter", name="front")
    assert density == {"zone,occupancy": 1.5}
    levels = of(found, "counter_cell_level", name="front", kind="zone", measure="occupancy")
    assert [level for level, value in levels.items() if value] == ["FEW_SEATS_AVAILABLE"]
    assert len(levels) == len(Level)
    services = of(found, "counter_cell_service_level", name="front", kind="zone")
    assert services == {f"occupancy,{letter}": float(letter == "B") for letter in SERVICE}
    ends = of(found, "counter_interval_end_timestamp_seconds")
    assert ends == {"": interval(3).end.timestamp()}
    assert of(found, "counter_camera_ok", camera="roof") == {"": 1}
    assert of(found, "counter_healthy") == {"": 1}
    build = of(found, "counter_build_info", version="0.1.0", model="counter-n", backend="onnx")
    assert list(build.values()) == [1]


def states(found: Samples, name: str, measure: str) -> dict[str, float]:
    return of(found, "counter_cell_status", name=name, measure=measure, kind=KINDS[name])


KINDS = {"front": "zone", "car-1": "group", "door": "line"}


def test_suppressed_missing_and_zero_are_three_things(output: PrometheusOutput) -> None:
    output.publish((published(ZONE, 3, 40), suppressed(CELLS[0], 3), missing(ENTRIES, 3)), HEALTH)
    found = samples(output)
    assert states(found, "front", "occupancy") == {"published": 1, "suppressed": 0, "missing": 0}
    assert states(found, "car-1", "occupancy") == {"published": 0, "suppressed": 1, "missing": 0}
    assert states(found, "door", "entries") == {"published": 0, "suppressed": 0, "missing": 1}
    assert of(found, "counter_occupancy_persons", name="car-1") == {}
    assert of(found, "counter_entries_persons", name="door") == {}
    below = of(found, "counter_cell_less_than_persons", kind="group", measure="occupancy")
    assert below == {"car-1": 11}
    assert 0 not in of(found, "counter_occupancy_persons").values()


def qualities(found: Samples, name: str, measure: str) -> list[str]:
    told = of(found, "counter_cell_quality", name=name, measure=measure, kind=KINDS[name])
    assert len(told) == len(Quality)
    return [quality for quality, value in told.items() if value]


def test_how_far_a_number_can_be_believed(output: PrometheusOutput) -> None:
    full = replace(published(ZONE, 3, 40), quality=Quality.SATURATED)
    output.publish((full, suppressed(CELLS[0], 3), missing(ENTRIES, 3)), HEALTH)
    found = samples(output)
    assert qualities(found, "front", "occupancy") == ["saturated"]
    assert qualities(found, "car-1", "occupancy") == ["ok"]
    assert qualities(found, "door", "entries") == ["degraded"]


def test_a_level_of_service_is_told_with_a_density_only(output: PrometheusOutput) -> None:
    output.publish((suppressed(ZONE, 3), published(CELLS[0], 3, 40)), HEALTH)
    found = of(samples(output), "counter_cell_service_level", kind="zone")
    assert set(found.values()) == {0}  # suppressed: none of the letters
    assert of(samples(output), "counter_cell_service_level", name="car-1") == {}  # has no area


def test_before_the_first_release_every_cell_is_missing(output: PrometheusOutput) -> None:
    found = samples(output)
    assert len(of(found, "counter_cell_status", status="missing")) == len(CELLS)
    assert set(of(found, "counter_cell_status", status="missing").values()) == {1}
    assert of(found, "counter_occupancy_persons") == {}
    assert of(found, "counter_interval_length_seconds") == {"": 60}


def test_between_two_releases_every_byte_is_equal(output: PrometheusOutput) -> None:
    output.publish(busy(1), HEALTH)
    first = scrape(output)
    assert {scrape(output) for _ in range(20)} == {first}
    assert b"Date:" not in first
    output.publish(busy(2), HEALTH)
    assert scrape(output) != first


def test_the_size_is_the_same_whatever_was_counted(output: PrometheusOutput) -> None:
    sizes = set()
    for number, release in enumerate([busy, empty, busy, empty]):
        output.publish(release(number), HEALTH)
        sizes.add(len(scrape(output)))
    for value in (15, 1000, 123_455, 9_999_995):
        output.publish(tuple(published(cell, 9, value) for cell in CELLS), HEALTH)
        sizes.add(len(scrape(output)))
    output.publish(tuple(missing(cell, 10) for cell in CELLS), HEALTH)
    sizes.add(len(scrape(output)))
    assert len(sizes) == 1


def test_nothing_of_the_process_is_exported(output: PrometheusOutput) -> None:
    output.publish(busy(1), HEALTH)
    names = {name for name, _ in samples(output)}
    assert all(name.startswith("counter_") for name in names)
    assert not [name for name in names if name.endswith(("_total", "_created", "_bucket"))]


def test_an_ill_camera_shows(output: PrometheusOutput) -> None:
    lost = (CameraHealth("roof", CameraState.LOST), CameraHealth("door", CameraState.OK))
    output.publish(busy(1), replace(HEALTH, cameras=lost, ok=False))
    found = samples(output)
    assert of(found, "counter_camera_ok") == {"roof": 0, "door": 1}
    assert of(found, "counter_camera_state", camera="roof", state="lost") == {"": 1}
    assert of(found, "counter_healthy") == {"": 0}


def test_of_several_intervals_the_newest_is_shown(output: PrometheusOutput) -> None:
    output.publish((*busy(5), *busy(7), *busy(6)), HEALTH)
    found = samples(output)
    ends = of(found, "counter_interval_end_timestamp_seconds")
    assert ends == {"": interval(7).end.timestamp()}
    assert set(of(found, "counter_occupancy_persons").values()) == {busy(7)[0].value}


@pytest.mark.skipif(
    shutil.which("promtool") is None, reason="not run: no promtool (apt install prometheus)"
)
def test_promtool_finds_no_fault(output: PrometheusOutput) -> None:
    for release in (busy(1), empty(2), tuple(missing(cell, 3) for cell in CELLS)):
        output.publish(release, HEALTH)
        body = scrape(output).partition(b"\r\n\r\n")[2]
        checked = subprocess.run(
            ["promtool", "check", "metrics"], input=body, capture_output=True, check=False
        )
        assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_every_metric_is_documented(output: PrometheusOutput) -> None:
    output.publish((*busy(1)[1:], suppressed(CELLS[0], 1)), HEALTH)
    document = (Path(__file__).parents[1] / "docs" / "metrics.md").read_text()
    names = {name for name, _ in samples(output)}
    assert set(re.findall(r"`(counter_\w+)`", document)) == names
