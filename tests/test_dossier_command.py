"""`counter dossier` and what `counter check` says of it: nothing stale, and nobody's work lost."""

import json
import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest

from counter import config
from counter.dossier import manifest
from counter.dossier.make import Request, make
from counter.dossier.manifest import status
from counter.errors import ConfigError
from counter.ledger import Ledger
from tests.commands import assert_mistake, counter
from tests.dossiers import CARRIAGE, MADE, URL
from tests.test_ledger import FACTS


@pytest.fixture
def box(tmp_path: Path) -> Path:
    path = tmp_path / "box.toml"
    path.write_text(CARRIAGE)
    return path


def made(box: Path, **options: object) -> tuple[str, Path]:
    request = Request(config=box, **{"made": MADE, **options})  # type: ignore[arg-type]
    return make(request), request.folder


def standing(box: Path) -> str:
    return status(config.load(box), box, None)


def test_it_makes_ten_documents_beside_the_configuration_and_lists_them(box: Path):
    said, folder = made(box)
    assert folder == box.parent / "box-dossier"
    listed = json.loads((folder / "dossier.json").read_text())
    assert listed["schema"] == "counter/dossier/1"
    assert listed["config_sha256"] == sha256(box.read_bytes()).hexdigest()
    assert listed["made"] == "2026-11-23"
    assert len(listed["files"]) == 10
    assert {path.name for path in folder.iterdir()} == {
        "dossier.json",
        *(file["name"] for file in listed["files"]),
    }
    for file in listed["files"]:
        assert sha256((folder / file["name"]).read_bytes()).hexdigest() == file["sha256"]
        assert file["name"] in said
    assert f"{len(listed['blanks'])} fields are left for the controller" in said
    assert "no QR code" in said
    assert "no proof report" in said


def test_made_again_it_is_the_same_and_nothing_is_lost(box: Path):
    _, folder = made(box)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    made(box)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_today_is_the_default(box: Path):
    before = datetime.now(UTC).date().isoformat()
    _, folder = made(box, made=None)
    listed = json.loads((folder / "dossier.json").read_text())
    assert before <= listed["made"] <= datetime.now(UTC).date().isoformat()


def test_check_knows_none_current_and_stale(box: Path, monkeypatch: pytest.MonkeyPatch):
    assert standing(box).startswith("none in ")
    made(box)
    assert standing(box).startswith("current: made on 2026-11-23")
    monkeypatch.setattr(manifest, "__version__", "9.9.9")
    assert "another software version; make it again with counter dossier" in standing(box)
    box.write_text(CARRIAGE.replace("seats = 40", "seats = 41"))
    assert "another configuration and another software version" in standing(box)
    monkeypatch.undo()
    box.write_text(CARRIAGE)
    listed = box.parent / "box-dossier" / "dossier.json"
    listed.write_text(
        re.sub(r'"model_sha256": "\w+"', f'"model_sha256": "{"0" * 64}"', listed.read_text())
    )
    assert "stale: made for another model" in standing(box)


def test_an_edited_document_is_fine_and_said(box: Path):
    _, folder = made(box)
    notice = folder / "notice-fr.html"
    notice.write_text(notice.read_text() + "<!-- RATP -->")
    assert standing(box).endswith("; 1 of 10 documents edited since")
    (folder / "dpia-en.html").unlink()
    assert "incomplete: dpia-en.html gone" in standing(box)


def test_an_edited_document_is_not_overwritten_unless_forced(box: Path):
    _, folder = made(box)
    notice = folder / "notice-fr.html"
    notice.write_text("filled in")
    box.write_text(CARRIAGE.replace("seats = 40", "seats = 41"))
    with pytest.raises(ConfigError, match=r"edited since they were made: notice-fr\.html"):
        made(box)
    assert notice.read_text() == "filled in"
    assert json.loads((folder / "dossier.json").read_text())["made"] == "2026-11-23"
    made(box, force=True)
    assert "filled in" not in notice.read_text()
    assert standing(box).startswith("current")


def test_a_file_of_somebody_else_is_not_overwritten(box: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notice-en.html").write_text("mine")
    with pytest.raises(ConfigError, match=r"notice-en\.html"):
        made(box, out=tmp_path / "other")


def test_a_broken_manifest_is_said_and_not_followed(box: Path):
    _, folder = made(box)
    for broken in ("{", "[]", '{"schema": "counter/dossier/2"}', "\xff"):
        (folder / "dossier.json").write_bytes(broken.encode("latin-1"))
        assert standing(box).startswith("unreadable: ")
    made(box, force=True)
    listed = (folder / "dossier.json").read_text()
    (folder / "dossier.json").write_text(listed.replace("notice-fr.html", "../../etc/passwd"))
    assert standing(box).startswith("unreadable: ")


def test_a_code_leads_to_the_longer_notice(box: Path):
    said, folder = made(box, layer2_url=URL)
    notice = (folder / "notice-en.html").read_text()
    assert f'aria-label="QR: {URL}"' in notice
    assert 'data-field="layer2-address"' not in notice
    assert "no QR code" not in said
    assert json.loads((folder / "dossier.json").read_text())["layer2_url"] == URL


@pytest.mark.parametrize(
    "url",
    [
        *("example.org", "ftp://example.org", "https://", "https://[", "https://a b"),
        *("https://é.fr", "https://user:word@example.org/", "https://e.org/" + "x" * 200),
        "javascript:alert(1)",
    ],
)
def test_a_code_that_leads_nowhere_is_refused(url: str, box: Path):
    with pytest.raises(ConfigError, match="--layer2-url"):
        made(box, layer2_url=url)
    assert not (box.parent / "box-dossier").exists()


def test_the_head_of_the_configured_ledger_is_written_down(box: Path, tmp_path: Path):
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    head = ledger.started(FACTS, datetime(2026, 3, 1, 12, tzinfo=UTC))
    box.write_text(f'ledger = "{ledger.path}"\n' + CARRIAGE)
    _, folder = made(box)
    assert head in (folder / "attestation-fr.html").read_text()
    assert json.loads((folder / "dossier.json").read_text())["ledger_head"] == head


def test_the_command_line(box: Path, tmp_path: Path):
    done = counter("dossier", str(box), "--out", str(tmp_path / "out"), "--date", "2026-11-23")
    assert done.returncode == 0, done.stderr
    checked = counter("check", str(box), "--dossier", str(tmp_path / "out"))
    assert "dossier  current: made on 2026-11-23" in checked.stdout
    assert "dossier  none in" in counter("check", str(box)).stdout
    (tmp_path / "file").write_text("")
    assert_mistake(counter("dossier", str(box), "--out", str(tmp_path / "file")), "--out")
    assert_mistake(counter("dossier", str(box), "--date", "yesterday"), "--date")
    assert_mistake(counter("dossier", str(tmp_path / "none.toml")), "none.toml")
