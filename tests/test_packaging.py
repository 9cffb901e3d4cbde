"""The wheel: what is in it, what is not, and that it works away from the checkout.

The dependencies are those of the environment that runs the tests; the package itself is only what
the wheel holds.
"""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from zipfile import ZipFile

import pytest

from counter.prove import specimens
from tests.commands import ROOT

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
KINDS = {
    ".py",
    ".typed",
    ".toml",
    ".j2",
    *(".onnx", ".xml", ".bin", ".param", ".tflite"),  # the embedded default for each runtime
}  # of files in the package; the only pictures are what the search of `prove` is tried on
SPECIMENS = {f"counter/prove/specimens/{name}" for name in specimens.FILES}
MOST = 12_000_000  # bytes that the embedded default may take in all its formats
# What pip says when the build's one requirement cannot be fetched.
NO_NETWORK = re.compile(r"No matching distribution found for hatchling|Failed to establish a new")


def pip(*words: str) -> subprocess.CompletedProcess[str]:
    # Also for the pip that makes the build's own environment: no long wait without a network.
    limits = {"PIP_RETRIES": "1", "PIP_DEFAULT_TIMEOUT": "15"}
    return subprocess.run(
        [*PIP, *words], env={**os.environ, **limits}, capture_output=True, text=True, check=False
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of the tree, with the backend that is here or one from PyPI."""
    folder = tmp_path_factory.mktemp("wheel")
    here = importlib.util.find_spec("hatchling") is not None
    isolation = ["--no-build-isolation"] if here else []
    done = pip("wheel", "--no-deps", *isolation, "--wheel-dir", str(folder), str(ROOT))
    if done.returncode and NO_NETWORK.search(done.stdout + done.stderr):
        pytest.skip("not run: no hatchling in this environment, and PyPI cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    """What the wheel holds, by name."""
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel, and nothing else, into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    done = pip("install", "--no-deps", "--no-index", "--target", str(target), str(wheel))
    assert done.returncode == 0, done.stderr
    return target


def dist_info(files: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for name, data in files.items():
        folder, _, rest = name.partition("/")
        if folder.endswith(".dist-info"):
            yield rest, data


def shipped(files: dict[str, bytes]) -> dict[str, str]:
    """Give the sha256 of each file of the default, in every format, by its place in models/."""
    table = tomllib.loads(files["counter/embedded/registry.toml"].decode())["model"]["counter-n"]
    found = {}
    for one in (table, *table["formats"].values()):
        found[one["file"]] = one["sha256"]
        if "weights" in one:
            found[str(Path(one["file"]).with_name(one["weights"]))] = one["weights_sha256"]
    return found


def test_it_carries_the_registered_default_model(files: dict[str, bytes]) -> None:
    registry = files["counter/embedded/registry.toml"]
    assert registry == (ROOT / "models" / "registry.toml").read_bytes()
    entry = tomllib.loads(registry.decode())["model"]["counter-n"]
    model = files[f"counter/embedded/{entry['file']}"]
    assert hashlib.sha256(model).hexdigest() == entry["sha256"]


def test_it_holds_the_whole_package_and_nothing_else(files: dict[str, bytes]) -> None:
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "counter").rglob("*.py")
        if "embedded" not in path.parts
    }
    embedded = {f"counter/embedded/{name}" for name in ("registry.toml", *shipped(files))}
    templates = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "counter" / "dossier" / "templates").rglob("*.j2")
    }
    package = {name for name in files if not name.partition("/")[0].endswith(".dist-info")}
    assert package == modules | templates | embedded | SPECIMENS | {"counter/py.typed"}
    assert {Path(name).suffix for name in package - SPECIMENS} == KINDS


def test_it_carries_the_licence_and_the_command(files: dict[str, bytes]) -> None:
    about = dict(dist_info(files))
    assert about["licenses/LICENSE"] == (ROOT / "LICENSE").read_bytes()
    metadata = message_from_bytes(about["METADATA"])
    assert metadata["License-Expression"] == "AGPL-3.0-or-later"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    assert b"counter = counter.cli:main" in about["entry_points.txt"]


def away(installed: Path, folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the installed package where no checkout is."""
    kept = {name: value for name, value in os.environ.items() if name != "COUNTER_MODELS"}
    return subprocess.run(
        command,
        cwd=folder,
        env={**kept, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )


def of_the_wheel(installed: Path) -> set[str]:
    """The formats of the default model whose files are in the package."""
    folder = installed / "counter" / "embedded"
    entry = tomllib.loads((folder / "registry.toml").read_text())["model"]["counter-n"]
    spelt = {"": "onnx", "int8": "onnx int8"}
    every = {"": entry} | entry["formats"]
    return {spelt.get(name, name) for name, one in every.items() if (folder / one["file"]).exists()}


def test_it_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    where = away(
        installed, tmp_path, sys.executable, "-c", "import counter; print(counter.__file__)"
    )
    assert Path(where.stdout.strip()).is_relative_to(installed), where.stderr

    done = away(installed, tmp_path, sys.executable, "-m", "counter", "models", "verify")
    ours = [line for line in done.stdout.splitlines() if line.startswith("counter-n ")]
    carried = {line.partition(":")[0] for line in ours if ": verified, " in line}
    absent = {line.partition(":")[0] for line in ours if line.endswith(": not on this machine")}
    assert "counter-n onnx" in carried, done.stdout + done.stderr
    assert len(carried) + len(absent) == len(ours) == len(set(ours))
    assert carried == {f"counter-n {name}" for name in of_the_wheel(installed)}

    named = (sys.executable, "-m", "counter", "models", "verify", "counter-n")
    assert away(installed, tmp_path, *named).returncode == 0


# What `auto` chooses from: each format, where its file was found, and whether it is the right one.
FOUND = """
from counter.models import checked, variants
for model in variants("counter-n"):
    print(model.format or "onnx", model.path, checked(model).state)
"""


def test_every_format_is_found_where_no_checkout_is(
    installed: Path, files: dict[str, bytes], tmp_path: Path
) -> None:
    done = away(installed, tmp_path, sys.executable, "-c", FOUND)
    rows = [line.split() for line in done.stdout.splitlines()]
    formats = [name for name, _, _ in rows]
    assert formats == ["onnx", "int8", "openvino", "ncnn", "tflite"], done.stderr
    assert {state for _, _, state in rows} == {"verified"}
    assert {Path(path).suffix for _, path, _ in rows} == {".onnx", ".xml", ".param", ".tflite"}

    # Not only as the package's own hashing says: the files themselves, weights beside their nets.
    folder = installed / "counter" / "embedded"
    hashes = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in shipped(files)
    }
    assert hashes == shipped(files)
    assert {Path(path) for _, path, _ in rows} <= {folder / name for name in hashes}
    assert sum((folder / name).stat().st_size for name in hashes) <= MOST


def test_its_script_knows_where_its_model_is(installed: Path, tmp_path: Path) -> None:
    example = ROOT / "examples" / "carriage.toml"
    done = away(installed, tmp_path, str(installed / "bin" / "counter"), "check", str(example))
    assert done.returncode == 0, done.stderr
    assert "counter-n" in done.stdout
    assert "verified" in done.stdout


def test_its_dossier_has_its_templates(installed: Path, tmp_path: Path) -> None:
    example = ROOT / "examples" / "carriage.toml"
    command = (sys.executable, "-m", "counter", "dossier", str(example), "--out", str(tmp_path))
    done = away(installed, tmp_path, *command)
    assert done.returncode == 0, done.stderr
    assert len(list(tmp_path.glob("*.html"))) == 10


def test_an_altered_model_is_noticed(installed: Path, tmp_path: Path) -> None:
    model = installed / "counter" / "embedded" / "counter-n.onnx"
    whole = model.read_bytes()
    model.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    try:
        command = (sys.executable, "-m", "counter", "models", "verify", "counter-n")
        done = away(installed, tmp_path, *command)
    finally:
        model.write_bytes(whole)
    assert done.returncode == 2
    assert "counter-n" in done.stderr
