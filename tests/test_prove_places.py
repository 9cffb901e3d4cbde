"""Where `counter prove` looks: files by the time of their change, swap, the journal."""

import base64
import os
import time
from pathlib import Path

import pytest

from counter.prove import places
from counter.prove.places import search_changed, search_journal, search_swap, short_roots
from counter.prove.search import Search
from tests.test_prove_search import FRAME, MARKER


def look(root: Path, since: float) -> places.Places:
    return search_changed(Search(MARKER), since, [root], lambda _walked, _changed: None)


def test_files_that_changed_are_searched_and_others_are_not(tmp_path: Path) -> None:
    (tmp_path / "before.bin").write_bytes(FRAME.tobytes())
    time.sleep(2.1)  # two of the coarsest clocks that stamp files
    since = time.time()
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    (inside / "leak.bin").write_bytes(FRAME.tobytes())
    os.utime(inside / "leak.bin", (0, 0))  # the time of modification can be set back
    found = look(tmp_path, since)
    assert found.searched == {"entries walked": 2, "changed files searched": 1}
    assert found.found == [f"{inside / 'leak.bin'}: camera's picture, bytes, B G R"]


def test_pipes_links_and_sockets_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # opening it would wait for ever
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert look(tmp_path, 0).searched == {"entries walked": 3, "changed files searched": 0}


def test_kernel_interfaces_are_not_walked() -> None:
    assert look(Path("/proc"), 0).searched["entries walked"] == 0


def test_only_the_beginning_of_a_huge_file_is_searched_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "MOST_OF_A_FILE", 1 << 20)
    (tmp_path / "huge").write_bytes(bytes(1 << 21))
    assert "only the first" in look(tmp_path, 0).not_covered[0]


def test_a_compressed_core_dump_is_said_to_be_unread(tmp_path: Path) -> None:
    (tmp_path / "core.python.1.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(90))
    assert "not read" in look(tmp_path, 0).not_covered[0]


def test_a_picture_in_swap_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    area, table = tmp_path / "area", tmp_path / "swaps"
    area.write_bytes(bytes(5000) + FRAME.tobytes() + bytes(5000))
    table.write_text(f"Filename Type Size Used\n{area} partition 9 0\n/none file 9 0\n")
    monkeypatch.setattr(places, "SWAPS", table)
    found = search_swap(Search(MARKER))
    assert found.searched == {"swap": "2 areas"}
    assert found.found == [f"swap {area}: camera's picture, bytes, B G R"]
    assert found.not_covered == ["swap /none: No such file or directory"]


def test_a_picture_in_the_journal_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = base64.b64encode(FRAME.tobytes()).decode()
    reader = tmp_path / "journalctl"
    reader.write_text(f"#!/bin/sh\ncat <<END\nMESSAGE={text}\nEND\n")
    reader.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = search_journal(Search(MARKER), time.time())
    assert found.found == ["journal: base64 of camera's picture, bytes, B G R"]
    assert found.searched == {"journal": f"{len(text) + 9} bytes"}


def test_swap_and_journal_are_searched_or_said_not_to_be() -> None:
    swap, journal = search_swap(Search(MARKER)), search_journal(Search(MARKER), time.time())
    assert swap.searched["swap"] == "off" or swap.searched or swap.not_covered
    assert journal.searched or journal.not_covered
    assert swap.found == journal.found == []


def test_the_short_form_looks_at_the_usual_places(tmp_path: Path) -> None:
    roots = short_roots(tmp_path)
    assert roots[0] == tmp_path
    assert set(places.SHORT) & set(roots)
    assert Path.cwd() in roots
    assert Path("/") not in roots
