"""`benchmarks projection`: says what it is before anything else, and bounds what it projects."""

import json

import pytest

from benchmarks import projection
from benchmarks.projection import FACTORS, HEADING, PUBLISHED, Published, projected, rows
from benchmarks.projection_work import HOSTS, MOST, own_ms

CHIP = Published("chip", "net", 640, 500.0, "hailo", "test", overlaps=True)
HOST = Published("cpu", "net", 640, 50.0, "cpu", "test")


@pytest.mark.parametrize(
    ("bound", "own", "expected"),
    [
        (800.0, 1.0, (500.0, "network")),
        (400.0, 1.0, (400.0, "PCIe")),
        (800.0, 4.0, (250.0, "own work")),
    ],
)
def test_what_overlaps_is_as_fast_as_its_slowest_part(bound, own, expected):
    assert projected(CHIP, bound, own, 1) == expected


def test_what_waits_is_added():
    fps, slowest = projected(HOST, float("inf"), 2.5, 2)
    assert fps == pytest.approx(40.0)  # 20 + 5 ms
    assert slowest == "the sum"


def test_a_slower_core_makes_nothing_faster():
    for row in rows({(one.host, one.side): 2.0 for one in PUBLISHED}):
        found = [row[f"x{factor}"] for factor in FACTORS]
        assert found == sorted(found, reverse=True)
        assert 0 < found[0] <= row["its FPS"]
        assert "x1" not in row  # a core of a Pi is not as fast as this one


def test_every_source_is_named_and_the_network_alone_is_never_the_whole():
    table = rows({(one.host, one.side): 2.0 for one in PUBLISHED})
    for row in table:
        assert f"\n  {row['source']:<8}" in str(projection.__doc__)
    coral = [row["x2"] for row in table if row["Pi 5 with"].startswith("Coral")]
    assert coral == [38.2, 48.3]  # 22.2 and 16.7 ms, and 4 of our own


def test_a_faster_link_is_a_row_only_where_the_slower_one_is_a_bound():
    told = [row["link"] for row in rows({(one.host, one.side): 1.0 for one in PUBLISHED})]
    # of all networks three, on the faster chip, are faster than the first link
    assert (told.count("PCIe 2"), told.count("PCIe 3")) == (8, 3)


@pytest.mark.parametrize("host", HOSTS)
def test_own_work_is_measured_and_more_people_are_more_work(host):
    few, many = (own_ms(host, 320, people, 20) for people in (2, MOST))
    assert 0 < few < many < 500


def test_the_first_line_and_the_json_say_that_it_is_none(tmp_path, capsys):
    out = tmp_path / "p.json"
    projection.run(out, None, ["--frames", "3", "--people", "5"])
    assert capsys.readouterr().out.splitlines()[0] == HEADING
    written = json.loads(out.read_text())
    assert written["question"].startswith(HEADING)
    assert written["what this is"] == HEADING


def test_a_model_has_no_meaning_here():
    with pytest.raises(SystemExit, match="--model has no meaning"):
        projection.run(None, "counter-n", [])


@pytest.mark.parametrize("people", ["0", "201"])
def test_more_people_than_an_output_holds_are_refused(people):
    with pytest.raises(SystemExit, match="expected 1 to 200"):
        projection.run(None, None, ["--people", people])
