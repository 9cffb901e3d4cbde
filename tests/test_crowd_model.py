"""A configuration with a crowd model: found, hashed, sealed in, and run."""

import json

import cv2
import numpy as np
import pytest
from msgspec import structs

from counter import check, crosscheck, models, reach, start
from counter.assemble import announcement
from counter.config import Loaded, load
from counter.disclosure import Gate
from counter.dossier import manifest
from counter.dossier.make import Request, make
from counter.errors import ConfigError, ModelError
from counter.health import standing
from counter.ledger import Ledger, LedgerError, StartFacts, verify
from counter.ledger.table import table
from counter.models import State
from counter.outputs.prometheus.metrics import health_families
from counter.outputs.wire import encode_health, encode_info
from counter.sandbox import Enclosure, Proof
from counter.settings import CrowdSettings, Settings
from tests.sandboxed import WHOLE, child, needs_both_walls
from tests.test_ledger import FACTS, NOON
from tests.tiny_map import tiny_map
from tests.tomls import ZONE, parse, text


@pytest.fixture
def settings(tmp_path, monkeypatch) -> Settings:
    """A configuration whose crowd model is the tiny one, registered by the operator."""
    path = tiny_map(tmp_path).path
    assert path is not None
    entry = f'[model.tiny-map]\nfile = "map.onnx"\nsha256 = "{models.digest(path)}"\n'
    fields = 'licence = "CC0-1.0"\nsource = "s"\ninput = [64, 32]\nkind = "density"\ncell = 4\n'
    (tmp_path / "registry.toml").write_text(entry + fields)
    monkeypatch.setenv("COUNTER_MODELS", str(tmp_path))
    camera = '[cameras.door]\nsource = "synthetic:platform"\n'
    plain = parse(text(camera, ZONE))[0]
    return structs.replace(plain, crowd=CrowdSettings(model="tiny-map"))


class TestStart:
    def test_it_is_found_and_hashed_before_and_may_be_read_after(self, settings, tmp_path):
        begun = start.unrestrained(Loaded(settings, "0" * 64, ()))
        assert begun.crowd is not None
        assert begun.crowd.state is State.VERIFIED
        plan = reach.plan_of(settings, begun.model, crowd=begun.crowd)
        files = [path for path, _ in models.parts_of(begun.model)]
        assert plan.read == (*files, tmp_path / "map.onnx")

    def test_an_altered_one_is_not_opened(self, settings, tmp_path):
        (tmp_path / "map.onnx").write_bytes(b"another")
        with pytest.raises(ModelError, match="has not the registered sha256"):
            start.unrestrained(Loaded(settings, "0" * 64, ()))

    def test_feet_are_warned_of(self, settings):
        assert "zones.front.anchor" in "\n".join(crosscheck.check(settings))
        heads = {"front": structs.replace(settings.zones["front"], anchor="head")}
        settings = structs.replace(settings, zones=heads)
        assert "anchor" not in "\n".join(crosscheck.check(settings))

    def test_a_gain_of_a_zone_that_is_not_there(self, settings):
        crowd = structs.replace(settings.crowd, gains={"rear": 2.0})
        with pytest.raises(ConfigError, match=r"crowd\.gains\.rear: there is no zone rear"):
            crosscheck.check(structs.replace(settings, crowd=crowd))

    def test_check_names_it(self, settings):
        said = check.report(Loaded(settings, "0" * 64, ()))
        assert "crowd    tiny-map (CC0-1.0), sha256" in said
        assert "from 20 persons in a zone" in said


class TestHash:
    def test_it_is_announced_and_stands_in_health_and_metrics(self, settings):
        begun = start.unrestrained(Loaded(settings, "0" * 64, ()))
        said = announcement(begun, Gate(settings))
        health = standing(begun.loaded, begun.model, begun.crowd, "onnx")
        told = [json.loads(encode_info(said)), json.loads(encode_health(health))]
        told += [
            dict(zip(family.labels, family.samples[0][0], strict=True))
            for family in health_families(health, 60)
            if family.name == "counter_build_info"
        ]
        assert len(told) == 3
        for one in told:
            assert (one["crowd_model"], one["crowd_model_sha256"]) == (
                "tiny-map",
                hash_of(settings),
            )

    def test_the_ledger_names_it(self, settings, tmp_path, monkeypatch):
        monkeypatch.setattr(Enclosure, "enter", lambda _: None)
        monkeypatch.setattr(start, "rehearse", lambda _: Proof("6.0", 7, (), ()))
        book = tmp_path / "book"
        start.begin(Loaded(structs.replace(settings, ledger=str(book)), "0" * 64, ()))
        ((record,), facts) = Ledger.open(book).records, Ledger.open(book).records[0].facts
        assert isinstance(facts, StartFacts)
        assert (facts.crowd_model, facts.crowd_model_sha256) == ("tiny-map", hash_of(settings))
        assert f"crowd tiny-map {hash_of(settings)[:12]}" in table([record])

    def test_the_papers_name_it_and_are_stale_for_another(self, settings, tmp_path):
        config = tmp_path / "box.toml"
        camera = '[cameras.door]\nsource = "synthetic:platform"\n'
        config.write_text(text(camera, ZONE, '[crowd]\nmodel = "tiny-map"\n'))
        folder = tmp_path / "papers"
        make(Request(config=config, out=folder))
        for language in ("en", "fr"):
            assert hash_of(settings) in (folder / f"attestation-{language}.html").read_text()
            assert "tiny-map" in (folder / f"dpia-{language}.html").read_text()
        listed = folder / "dossier.json"
        assert manifest.status(load(config), config, folder).startswith("current")
        listed.write_text(listed.read_text().replace(hash_of(settings), "0" * 64))
        assert "another crowd model" in manifest.status(load(config), config, folder)


def hash_of(settings: Settings) -> str:
    assert settings.crowd is not None
    return models.find(settings.crowd.model, "density").entry.sha256


def test_a_crowd_model_is_written_only_where_there_is_one(tmp_path):
    """A ledger from before there were any is read, verified and continued."""
    path = tmp_path / "ledger.jsonl"
    Ledger.open(path).started(FACTS, NOON)
    assert b"crowd" not in path.read_bytes()
    both = {"crowd_model": "mcnn-a", "crowd_model_sha256": "e" * 64}
    head = Ledger.open(path).started(structs.replace(FACTS, **both), NOON)
    assert verify(path, head).ok
    assert b'"crowd_model":"mcnn-a","crowd_model_sha256":"ee' in path.read_bytes()
    for half, word in both.items():
        with pytest.raises(ValueError, match="a name and a hash"):
            structs.replace(FACTS, **{half: word})
    with pytest.raises(LedgerError, match="no record can say this"):
        Ledger.open(path).started(structs.replace(FACTS, **both | {"crowd_model": "A"}), NOON)


CLIP = """
import os
from contextlib import closing
from counter.assemble import appliance
from counter.config import load
from counter.start import begin_without_memory
loaded = load(Path({path!r}))
with appliance(loaded, start=begin_without_memory(loaded, swap)) as machine:
    crowds, looked = machine.engine.crowds, []
    look = crowds.look
    class Counted:
        name, backend = crowds.name, crowds.backend
        def look(self, frame):
            looked.append(frame.captured_ns)
            return look(frame)
    machine.engine.crowds = Counted()
    machine.run(lambda: False)
print(json.dumps([machine.engine.health.standing.sandbox, looked]))
"""


@needs_both_walls
@pytest.mark.usefixtures("settings")
def test_it_runs_in_a_sealed_process(tmp_path):
    """A film of 25 s, drawn here: a map at 0, 10 and 20 s, in a process without rights."""
    (tmp_path / "film").mkdir()
    noise = np.random.default_rng(0)
    for number in range(50):
        pixels = noise.integers(0, 256, (90, 160, 3), np.uint8)  # a plain one is a dead camera's
        cv2.imwrite(str(tmp_path / f"film/{number:03}.png"), pixels)
    camera = f'[cameras.door]\nsource = "{tmp_path}/film"\nfps = 2.0\n'
    path = tmp_path / "box.toml"
    path.write_text(text(camera, ZONE, '[crowd]\nmodel = "tiny-map"\n'))
    ((sandbox, looked),) = child(CLIP.format(path=str(path)))
    assert sandbox == WHOLE
    assert [round(at_ns / 1e9) for at_ns in looked] == [0, 10, 20]
