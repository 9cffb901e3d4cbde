"""What is found out before rights are given up: swap, inherited files, paths; and what is said."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from counter.errors import SandboxError
from counter.guarantees import LOST_WITHOUT, Guarantee
from counter.sandbox import Attempt, Proof, needs, require, swap
from counter.sandbox.inherited import writable_files
from counter.sandbox.verdict import REMEDY

SWAPS = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
ON = SWAPS + "/dev/mmcblk0p3                          partition\t102396\t\t0\t\t-2\n"
V1 = "4:memory:/box\n1:cpu:/\n"


def proof(*missing: Guarantee) -> Proof:
    return Proof("6.12", 6, (Attempt("create a file", blocked=True),), missing)


def root(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"proc/swaps": SWAPS}, True),
        ({"proc/swaps": ON}, False),
        ({"proc/meminfo": ""}, True),  # a kernel without swap
        ({}, False),  # only processes are shown (ProcSubset=pid): nobody knows
        ({"proc/swaps": ON, "proc/self/cgroup": "0::/a/b\n"}, False),
        ({"sys/fs/cgroup/a/b/memory.swap.max": "0\n", "proc/self/cgroup": "0::/a/b\n"}, True),
        ({"sys/fs/cgroup/a/memory.swap.max": "0\n", "proc/self/cgroup": "0::/a/b\n"}, True),
        ({"sys/fs/cgroup/memory.swap.max": "0\n", "proc/self/cgroup": "0::/\n"}, True),
        ({"sys/fs/cgroup/a/b/memory.swap.max": "max\n", "proc/self/cgroup": "0::/a/b\n"}, False),
        ({"sys/fs/cgroup/a/b/memory.swap.max": "4096\n", "proc/self/cgroup": "0::/a/b\n"}, False),
        ({"sys/fs/cgroup/x/memory.swap.max": "0\n", "proc/self/cgroup": "0::/a/b\n"}, False),
        (
            {
                "sys/fs/cgroup/unified/a/memory.swap.max": "0\n",
                "proc/self/cgroup": V1 + "0::/a\n",
                "proc/swaps": ON,
            },
            True,
        ),
        ({"sys/fs/cgroup/memory/box/memory.swap.max": "0\n", "proc/self/cgroup": V1}, False),
    ],
)
def test_swap_is_kept_out_by_there_being_none_or_by_a_limit_of_0(tmp_path, files, expected):
    assert swap.kept_out(root(tmp_path, files)) is expected


def test_files_open_for_writing_are_found_and_others_are_not(tmp_path):
    before = set(writable_files())
    path = tmp_path / "file"
    path.touch()
    reader, writer = os.pipe()
    harmless = [os.open(path, os.O_RDONLY), os.open(path, os.O_PATH), reader, writer]
    harmless += [os.open("/dev/null", os.O_RDWR), os.open(tmp_path, os.O_RDONLY)]
    written = {os.open(path, flags) for flags in (os.O_WRONLY, os.O_RDWR, os.O_APPEND | 1)}
    written.add(os.memfd_create("memory"))
    try:
        assert set(writable_files()) - before == written
    finally:
        for one in (*harmless, *written):
            os.close(one)


@pytest.mark.parametrize("place", ["/", "/home", "/home/anna", "/tmp", "/var", "/opt", "/dev"])  # noqa: S108
def test_no_folder_where_people_keep_things_becomes_readable(monkeypatch, place):
    monkeypatch.setattr(sys, "path", [place, "/opt/vendor/lib"])
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{place}:/opt/vendor/lib32")
    found = set(needs.readable())
    assert Path(place) not in found
    assert {Path("/opt/vendor/lib"), Path("/opt/vendor/lib32")} <= found


def test_nor_does_the_home_or_the_folder_one_stands_in(monkeypatch, tmp_path):
    home, here = tmp_path / "services" / "box", tmp_path / "here"
    for folder in (home, here):
        folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(here)
    monkeypatch.setattr(sys, "path", ["", str(home), str(home.parent), str(home / "site")])
    found = set(needs.readable())
    assert not found & {here, home, home.parent}
    assert {home / "site", needs.PACKAGE, needs.PACKAGE.parent / "models"} <= found


def test_the_interpreter_and_what_it_has_loaded_can_be_read():
    found = [path.resolve() for path in needs.readable() if path.exists()]
    loaded = [
        module.__file__ for module in list(sys.modules.values()) if hasattr(module, "__file__")
    ]
    for file in filter(None, [*loaded, sys.executable]):
        assert any(Path(file).resolve().is_relative_to(one) for one in found), file


@pytest.mark.parametrize("missing", Guarantee)
def test_what_is_missing_is_named_with_its_loss_its_remedy_and_the_line(missing):
    require(proof(missing).missing, [missing])
    with pytest.raises(SandboxError) as told:
        require(proof(missing).missing, [one for one in Guarantee if one != missing])
    assert f"{missing}: {LOST_WITHOUT[missing]}" in told.value.message
    assert REMEDY[missing] in told.value.hint
    assert told.value.hint.endswith(f'accept_weaker_sandbox = ["{missing}"]')


@pytest.mark.parametrize(("stream", "name"), [(1, "standard output"), (2, "standard error")])
def test_the_stream_that_is_a_file_is_named(stream, name, tmp_path):
    code = (
        "from counter.errors import SandboxError; from counter.guarantees import Guarantee\n"
        "from counter.sandbox.verdict import require\n"
        "try: require([Guarantee.NO_INHERITED_FILES], ())\n"
        "except SandboxError as error: print(error.hint); import sys; sys.stderr.write(error.hint)"
    )
    with (tmp_path / "log").open("w+") as file:
        streams = {1: subprocess.PIPE, 2: subprocess.PIPE, stream: file}
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=streams[1], stderr=streams[2], text=True,
            check=True, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    said = done.stderr if stream == 1 else done.stdout
    assert said.startswith(f"{name} can write to a file: use a pipe")


def test_the_line_holds_what_was_accepted_already():
    with pytest.raises(SandboxError) as told:
        require(proof(Guarantee.LANDLOCK_NET, Guarantee.NO_SWAP).missing, [Guarantee.NO_SWAP])
    assert "no-swap" not in told.value.message
    assert told.value.hint.endswith('accept_weaker_sandbox = ["landlock-net", "no-swap"]')


def test_accepting_what_is_not_missing_is_fine():
    require(proof().missing, ())
    require(proof().missing, list(Guarantee))


def test_every_level_fits_into_what_is_published():
    for left_out in Guarantee:
        missing = tuple(one for one in Guarantee if one != left_out)
        level = proof(*missing).level
        assert level == "weaker:" + ",".join(missing)
        assert len(level) <= 64
    assert (proof().level, proof(*Guarantee).level) == ("full", "none")
