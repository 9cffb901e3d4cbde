"""The command as a user meets it: every mistake is two lines and exit code 2, and loses nothing."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

from counter import __version__
from tests.broker import free_port
from tests.commands import COUNT, ROOT, assert_mistake, counter, film

BASE = """
site = "test"
device = "box"
purpose = "passenger-information"
interval_s = 30
starts_at = "2026-01-01T00:00:00Z"
stdout = true
[cameras.eye]
source = "SOURCE"
[zones.all]
camera = "eye"
polygon = [[0, 0], [1, 0], [1, 1], [0, 1]]
seats = 40
"""


def configured(folder: Path, text: str) -> str:
    path = folder / "box.toml"
    path.write_text(text)
    return str(path)


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_version_and_help():
    assert counter("--version").stdout.strip() == f"counter, version {__version__}"
    for words in ([], ["run"], ["check"], ["demo"], ["evaluate"], ["models", "verify"]):
        done = counter(*words, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout


def test_the_command_line_starts_light():
    heavy = {"numpy", "cv2", "onnxruntime", "scipy", "paho", "prometheus_client", "rich"}
    code = f"import sys, counter.cli; print(*({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (BASE.replace("seats = 40", "seets = 40"), ["zones.all.seets", "did you mean"]),
        (BASE.replace("[1, 1], [0, 1]", "[0, 1], [1, 1]"), ["zones.all.polygon"]),
        (BASE.replace("interval_s = 30", "interval_s = 5"), ["interval_s", "short-window"]),
        (BASE + "snapshot = true\n", ["zones.all.snapshot", "image-egress"]),
        (BASE + "[model]\nname = 'yolo99'\n", ["model.name", "yolo99"]),
        (BASE.replace("SOURCE", "/nowhere/at-all.mp4"), ["cameras.eye.source", "does not exist"]),
        ("this is not TOML", ["not TOML"]),
    ],
    ids=["key", "polygon", "interval", "refused", "model", "source", "toml"],
)
def test_a_wrong_configuration(text: str, words: list[str], tmp_path: Path):
    assert_mistake(counter("run", configured(tmp_path, text)), *words)


def test_a_text_file_as_video(tmp_path: Path):
    (tmp_path / "film.mp4").write_text("once upon a time\n" * 100)
    text = BASE.replace("SOURCE", str(tmp_path / "film.mp4"))
    assert_mistake(counter("run", configured(tmp_path, text)), "cameras.eye.source")


def test_a_truncated_video_is_counted_as_far_as_it_goes(tmp_path: Path):
    whole = film(tmp_path / "film.avi", seconds=50)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 4])
    done = counter("run", configured(tmp_path, BASE.replace("SOURCE", str(whole))))
    assert_mistake(done, "cameras.eye.source", "ended before its end")
    first, *later = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["status"] == "suppressed"  # nobody, seen for 30 s
    assert all(count["status"] == "missing" for count in later)  # seen for less than 8 s


def test_a_broker_that_is_not_there(tmp_path: Path):
    port = free_port()
    text = BASE.replace("SOURCE", "synthetic:carriage")
    text += f'[mqtt]\nurl = "mqtt://127.0.0.1:{port}"\n'
    assert_mistake(counter("run", configured(tmp_path, text)), "mqtt.url", str(port))


def test_a_port_in_use(tmp_path: Path, busy_port: int):
    text = BASE.replace("SOURCE", "synthetic:carriage") + f"[prometheus]\nport = {busy_port}\n"
    assert_mistake(counter("run", configured(tmp_path, text)), str(busy_port))


def test_an_unknown_command_or_option():
    for words in (["fly"], ["demo", "--fast"], ["check"]):
        done = counter(*words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_check_tells_what_would_be_released(tmp_path: Path):
    done = counter("check", configured(tmp_path, BASE.replace("SOURCE", "synthetic:carriage")))
    assert done.returncode == 0, done.stderr
    for word in ("every 30 s", '"<11"', "counter/v1/test/box/zone/all/occupancy", "multiples of 5"):
        assert word in done.stdout


def test_what_is_copied_is_not_broken_in_two(tmp_path: Path):
    """A topic of a hundred characters stands on one line, however wide the terminal is."""
    long = BASE.replace('"test"', f'"{"s" * 32}"').replace('"box"', f'"{"d" * 32}"')
    long = long.replace("zones.all", f"zones.{'z' * 32}").replace("SOURCE", "synthetic:carriage")
    done = counter("check", configured(tmp_path, long))
    assert f"counter/v1/{'s' * 32}/{'d' * 32}/zone/{'z' * 32}/occupancy" in done.stdout
    heading, *listed = counter("models", "list").stdout.strip().splitlines()
    assert listed
    for line in listed:
        file = line[heading.index("file") :]
        assert file in {"not on this machine", "fetch"} or Path(file).exists()


def test_every_command_says_in_one_line_what_it_does():
    """No sentence is cut off in a list, and who runs a box finds examples and exit codes."""
    for words in ([], ["ledger"], ["models"]):
        said = counter(*words, "--help").stdout
        assert "..." not in said.partition("Commands:")[2]
    commands = (["run"], ["check"], *(
        ["ledger", one] for one in ("show", "verify", "stopped", "archive")
    ), *(["models", one] for one in ("list", "verify", "fetch", "export")))  # fmt: skip
    for words in commands:
        said = counter(*words, "--help").stdout
        assert f"\n  counter {' '.join(words)}" in said.partition("Usage:")[2].partition("\n\n")[2]
        assert "Exits with 0" in said


def test_every_example_is_valid():
    examples = sorted((ROOT / "examples").glob("*.toml"))
    assert len(examples) >= 3
    for example in examples:
        assert counter("check", str(example)).returncode == 0


def test_a_run_over_footage_prints_schema_valid_counts(tmp_path: Path):
    text = BASE.replace("SOURCE", str(film(tmp_path / "film.avi", seconds=31)))
    done = counter("run", configured(tmp_path, text))
    assert done.returncode == 0, done.stderr
    counts = [json.loads(line) for line in done.stdout.splitlines()]
    for count in counts:
        jsonschema.validate(count, COUNT)
    assert [count["interval_start"] for count in counts] == [
        "2026-01-01T00:00:00Z",
        "2026-01-01T00:00:30Z",
    ]
    assert [count["status"] for count in counts] == ["suppressed", "missing"]


def test_ctrl_c_ends_cleanly(tmp_path: Path):
    text = BASE.replace("SOURCE", "synthetic:carriage")
    process = subprocess.Popen(
        [sys.executable, "-m", "counter", "run", configured(tmp_path, text)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )
    assert process.stderr is not None
    with process.stderr:
        assert "counting with" in process.stderr.readline()
        process.send_signal(2)
        assert process.wait(timeout=30) == 0
        assert "Traceback" not in process.stderr.read()
