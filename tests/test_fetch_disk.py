"""`counter models fetch` and the disk: full, held by another, or not what it seems."""

import errno
import fcntl
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest

from tests.commands import ROOT, assert_mistake
from tests.test_fetch import DATA, command, names, part_of, place, refused, target

__all__ = ["place", "target"]  # fixtures


class TestTheDisk:
    def test_no_room_is_known_before(self, target, monkeypatch):
        monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
        refused(f"{len(DATA)} bytes are needed, 1000 are free", "--to")
        assert names(target.parent) == []

    def test_a_disk_that_is_full_meanwhile(self, target):
        """A real one: 100 KiB of memory mounted over the folder, in a namespace of its own."""
        script = (
            f"mount -t tmpfs -o size=100k none {target.parent} || exit 99\n"
            f"{sys.executable} - <<'E'\n"
            "import shutil, sys\n"
            "shutil.disk_usage = lambda _: type('usage', (), {'free': 10**9})\n"
            "from counter.cli import main\n"
            "sys.argv = ['counter', 'models', 'fetch', 'net']\n"
            "main()\n"
            f"E\ncode=$?; stat -c %s {part_of(target)}; exit $code"
        )
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "sh", "-c", script],
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode in {1, 99}:
            pytest.skip(f"not run: no mount namespace here: {done.stderr.strip()}")
        assert done.returncode == 2, done.stderr
        assert os.strerror(errno.ENOSPC) in done.stderr
        assert "goes on from there" in done.stderr
        assert 0 < int(done.stdout) <= 100 * 1024

    def test_a_second_fetch_of_the_same_file(self, target):
        with part_of(target).open("wb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            refused("another fetch writes it", "wait")

    def test_a_link_where_the_part_should_be(self, target, tmp_path):
        (tmp_path / "precious").write_bytes(b"precious")
        part_of(target).symlink_to(tmp_path / "precious")
        refused(str(part_of(target)))
        assert (tmp_path / "precious").read_bytes() == b"precious"

    def test_a_folder_that_is_a_file(self, tmp_path):
        (tmp_path / "file").write_text("")
        assert_mistake(command("net", "--to", str(tmp_path / "file")), "Not a directory")
