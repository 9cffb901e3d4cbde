"""tests/aarch64.sh: what it refuses to write into, and which logs it takes for a run.

Its functions alone; the emulations are run by hand (docs/aarch64.md).
"""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENDED = "the script in there came to its end"
LINES = ("SKIPPED [1] no film", "passed: test_yolo: 3 passed", "FAILED: test_lines: 1", ENDED, "")
WHOLE = "\n".join(LINES)


def bash(script: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", script, "bash", *words],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"} | environment,
    )  # fmt: skip


def ours(folder: object, what: str = "all", **environment: str) -> subprocess.CompletedProcess[str]:
    return bash('source tests/aarch64.sh "$@" && ours', str(folder), what, **environment)


def accounted(log: Path, *names: str) -> subprocess.CompletedProcess[str]:
    return bash('set -- "$@"; log=$1; shift; names=("$@"); set --; source tests/aarch64.sh;'
                ' accounted "$log" "${names[@]}"', str(log), *names)  # fmt: skip


@pytest.mark.parametrize("folder", ["/", "//", "/usr/..", "/usr/lib/../../"])
def test_the_whole_machine_is_no_folder(folder):
    done = ours(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert "/ is this machine" in done.stderr


def test_a_folder_of_somebodys_is_left_alone(tmp_path):
    (tmp_path / "precious.log").write_text("precious")
    done = ours(tmp_path)
    assert done.returncode == 2
    assert f"{tmp_path} is not empty, and not made here" in done.stderr
    assert ours(tmp_path / "precious.log").returncode == 2
    whole = bash('bash tests/aarch64.sh "$1"', str(tmp_path))  # refused before it asks for root
    assert (whole.returncode, whole.stderr) == (2, done.stderr)
    assert (tmp_path / "precious.log").read_text() == "precious"


def test_an_empty_a_new_and_an_own_folder_are_taken(tmp_path):
    assert ours(tmp_path).returncode == 0
    assert ours(tmp_path / "new").returncode == 0
    (tmp_path / "root").mkdir()
    (tmp_path / "root/.made").touch()
    assert ours(tmp_path, "machine").returncode == 0


def test_what_there_is_not_is_said_before_an_hour_of_work(tmp_path):
    assert "there is no 'both'" in ours(tmp_path, "both").stderr
    assert "no tests/test_yoloo.py" in ours(tmp_path, TESTS="yolo yoloo").stderr


def test_a_whole_log_is_accounted_for(tmp_path):
    log = tmp_path / "user.log"
    log.write_text(WHOLE)
    done = accounted(log, "yolo", "lines")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "names", "said"),
    [
        (WHOLE, ["yolo", "lines", "tally"], "no line for test_tally"),
        (WHOLE.replace(ENDED, ""), ["yolo", "lines"], "breaks off"),
        ("", ["yolo"], "breaks off"),
        (WHOLE.replace("lines", "yolo"), ["yolo"], "or several"),
        (WHOLE, ["yol"], "no line for test_yol"),
        (WHOLE, [], "no test was named"),
    ],
)  # fmt: skip
def test_silence_is_no_success(tmp_path, text, names, said):
    log = tmp_path / "machine.log"
    log.write_text(text)
    done = accounted(log, *names)
    assert done.returncode == 1
    assert said in done.stdout
    assert done.stdout.startswith("FAILED machine.log: ")


def test_a_log_that_is_not_there_is_a_failure(tmp_path):
    assert accounted(tmp_path / "user.log", "yolo").returncode == 1


def test_the_script_that_runs_in_there_ends_with_the_mark():
    script = bash("set --; source tests/aarch64.sh; tests yolo lines").stdout
    assert bash('bash -n <<<"$1"', script).returncode == 0
    lines = script.splitlines()
    assert lines[-2] == f'echo "{ENDED}"'
    assert "for one in yolo lines; do" in lines
