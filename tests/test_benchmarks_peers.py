"""`benchmarks peers`: our own pieces do the work, and what was not measured meets nothing."""

import json
from importlib import import_module
from importlib.util import find_spec

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.films import FPS, SIZE, film
from benchmarks.peers import AUTO, BARE, BARE_DEFAULT, BARE_TWO, ONE, OURS, TRACK, judged
from benchmarks.peers_contenders import Ours, sessions
from benchmarks.rounds import WARM_UP, Times
from counter import models
from counter.settings import ModelSettings
from counter.sources.opencv import open_video
from tests.tiny_registry import tiny_registry


def of(ms: float, inside: float | None = None) -> Times:
    """Three rounds, the same each."""
    whole = np.full((3, 4), ms)
    return Times(whole, None if inside is None else np.full((3, 4), inside))


TIMES = {
    BARE: of(20.0),
    BARE_TWO: of(19.0),
    BARE_DEFAULT: of(21.0),
    OURS: of(22.0),
    ONE: of(22.5, inside=21.0),
    AUTO: of(10.0),
    TRACK: of(36.0, inside=22.0),
}


class TestJudged:
    def test_the_ratios_are_those_of_the_times(self):
        whole, same, alone, own, adds, faster = judged(TIMES, side=320)
        assert (whole["measured"], whole["met"]) == (round(20 / 22, 3), "no")
        assert (same["measured"], same["met"]) == (round(19 / 22, 3), "no")
        assert (alone["measured"], alone["met"]) == (round(20 / 22.5, 3), "no")
        assert (own["measured"], own["met"]) == (round(1.5 / 14, 3), "yes")
        assert (adds["measured"], adds["met"]) == (round(3 / 15, 3), "yes")
        assert (faster["measured"], faster["met"]) == (3.6, "yes")

    def test_pictures_that_come_in_pairs_are_as_slow_as_they_are_together(self):
        """With two in flight one is late and the next is there: a median knows neither."""
        pairs = Times(np.tile([40.0, 2.0], (3, 2)))
        times = TIMES | {OURS: pairs}
        same = judged(times, side=640)[1]
        assert same["measured"] == round(19 / 21, 3)

    def test_the_default_backend_is_compared_at_320(self):
        assert len(judged(TIMES, side=640)) == 5

    def test_without_the_peer_nothing_of_it_is_met(self):
        alone = {name: times for name, times in TIMES.items() if name != TRACK}
        *whole, _, _, _ = rows = judged(alone, side=320)
        others = rows[3:]
        assert [row["met"] for row in whole] == ["no"] * 3
        assert [row["met"] for row in others] == ["not measured"] * 3

    def test_a_peer_that_added_nothing_makes_no_ratio(self):
        times = TIMES | {TRACK: of(20.0, inside=20.0)}
        *_, own, adds, _ = judged(times, side=320)
        assert [own["met"], adds["met"]] == ["not measured"] * 2


class TestFilm:
    def test_a_drawn_film_has_its_pictures_and_vanishes(self):
        with film(None, 5) as shown:
            path = shown.path
            capture = open_video(path)
            taken = [capture.retrieve(None) for _ in range(5) if capture.grab()]
            assert not capture.grab()
            capture.close()
        shapes = [picture.shape for picture in taken if picture is not None]
        assert shapes == [(SIZE[1], SIZE[0], 3)] * 5
        assert capture.fps == FPS
        assert taken[0] is not None
        assert np.ptp(taken[0]) > 100  # something is to be seen
        assert not path.exists()

    @pytest.mark.parametrize("content", [None, b"no film"])
    def test_what_is_no_film_is_told_in_a_line(self, tmp_path, content):
        path = tmp_path / "x.mp4"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(SystemExit, match="not measured"), film(path, 5):
            pass


class TestOurs:
    @pytest.mark.parametrize("ahead", [1, 2])
    def test_a_turn_is_so_many_pictures_and_as_many_runs(self, tmp_path, monkeypatch, ahead):
        monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
        name = tiny_registry(tmp_path)
        settings = ModelSettings(name=name, backend="onnx", threads=2)
        with film(None, 9) as shown:
            ours = Ours(shown, models.find(name), settings, ahead)
            turns = [ours.turn(4), ours.turn(4)]
            ours.close()
        for turn in turns:
            assert len(turn.ms) == 4
            assert (turn.inside is None) == (ahead > 1)
            assert min(turn.ms) > 0
            if turn.inside is not None:
                assert all(0 < own <= ms for own, ms in zip(turn.inside, turn.ms, strict=True))

    def test_sessions_are_noted_only_while_it_is_asked_for(self):
        onnxruntime = import_module("onnxruntime")
        made = onnxruntime.InferenceSession
        with sessions([], threads=1):
            assert onnxruntime.InferenceSession is not made
        assert onnxruntime.InferenceSession is made


class TestTable:
    def test_who_is_not_installed_is_said_to_be(self, tmp_path, monkeypatch):
        if find_spec("ultralytics") is not None:
            pytest.skip("not run: ultralytics is installed here")
        monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
        out = tmp_path / "peers.json"
        peers.run(out, tiny_registry(tmp_path), ["--rounds", "1", "--frames", "2"])
        who = [row["who"] for row in json.loads(out.read_text())["rows"]]
        assert "ultralytics track(): ultralytics is not installed" in who
        asked = json.loads((tmp_path / "peers-asked.json").read_text())["rows"]
        assert [row["met"] for row in asked[3:]] == ["not measured"] * 3

    def test_a_film_that_is_too_short_is_told(self, tmp_path):
        with film(None, 5) as shown:
            kept = tmp_path / "short.mp4"
            kept.write_bytes(shown.path.read_bytes())
        with pytest.raises(SystemExit, match=f"fewer than {50 + WARM_UP + 2} pictures"):
            peers.run(None, None, ["--film", str(kept), "--frames", "50"])
