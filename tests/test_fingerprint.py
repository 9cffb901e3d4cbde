"""A model of two files has one fingerprint, and every paper and message names that one."""

import hashlib
import json
import subprocess

from msgspec import structs

from counter import start
from counter.assemble import announcement
from counter.config import load
from counter.disclosure import Gate
from counter.dossier.make import Request, make
from counter.health import standing
from counter.models import variants
from counter.outputs.wire import encode_health, encode_info
from tests.commands import ROOT
from tests.dossiers import EVENT, facts_of
from tests.tomls import ZONE, text

CAMERA = '[cameras.door]\nsource = "synthetic:platform"\n'
NCNN = '[model]\nbackend = "ncnn"\n'


def test_papers_and_messages_agree(tmp_path):
    config, folder = tmp_path / "box.toml", tmp_path / "papers"
    config.write_text(text(CAMERA, ZONE, NCNN))
    make(Request(config=config, out=folder))
    loaded = load(config)
    begun = start.unrestrained(loaded)
    entry = begun.model.entry
    assert entry.weights_sha256 is not None
    assert entry.fingerprint not in {entry.sha256, entry.weights_sha256}
    for language in ("en", "fr"):
        paper = (folder / f"attestation-{language}.html").read_text()
        assert entry.fingerprint in paper
        assert entry.sha256 not in paper  # of one of its files, which nothing else names
    told = [
        (folder / "dossier.json").read_bytes(),
        encode_info(announcement(begun, Gate(loaded.settings))),
        encode_health(standing(loaded, begun.model, begun.crowd, "ncnn")),
    ]
    assert [json.loads(one)["model_sha256"] for one in told] == [entry.fingerprint] * 3


def test_the_card_names_those_of_the_files_that_come_with_it():
    card = (ROOT / "models/counter-n.md").read_text().partition("Fingerprints")[2]
    prints = [model.entry.fingerprint for model in variants("counter-n")]
    assert len(set(prints)) == 5
    assert [line.split("`")[1] for line in card.splitlines() if "| `" in line][:5] == prints


def test_it_is_what_the_documents_say_it_is(tmp_path):
    """`sha256sum FILE WEIGHTS | cut -c1-64 | sha256sum`, in a shell."""
    (tmp_path / "a").write_bytes(b"graph")
    (tmp_path / "b").write_bytes(b"weights")
    one = structs.replace(
        facts_of(EVENT).model.entry,
        sha256=hashlib.sha256(b"graph").hexdigest(),
        weights="b",
        weights_sha256=hashlib.sha256(b"weights").hexdigest(),
    )
    command = "sha256sum a b | cut -c1-64 | sha256sum"
    said = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert said.stdout.split()[0] == one.fingerprint
