"""What stays possible follows from the configuration, and is settled before rights are given up."""

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import convert, structs

from counter import accelerators, models, reach
from counter.errors import SourceError
from counter.sandbox.filter import _kinds
from counter.settings import CameraSettings, ModelSettings, Settings
from tests.tomls import ZONE, parse, text


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"")
    return path


def settings(*sources: str, tail: str = "") -> Settings:
    cameras = "".join(f'[cameras.c{n}]\nsource = "{source}"\n' for n, source in enumerate(sources))
    zone = ZONE.replace('"door"', '"c0"')
    return parse(text(cameras, zone, tail))[0]


MODEL = models.find("counter-n")


@pytest.mark.parametrize(
    ("name", "backend", "letters"),
    [
        ("net.hef", "auto", "gnpsv"),
        ("net_edgetpu.tflite", "auto", "U"),
        ("net.tflite", "edgetpu", "U"),
    ],
)
def test_a_models_chip_is_a_device_that_is_driven(
    name: str, backend: str, letters: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file need not be there yet; the filter knows its ioctls. Not run on hardware."""
    monkeypatch.setattr(accelerators, "DEVICES", Path("/dev"))
    path = tmp_path / name
    path.touch()
    asked = convert({"backend": backend}, ModelSettings)
    chosen = structs.replace(settings("synthetic:platform"), model=asked)
    plan = reach.plan_of(chosen, replace(MODEL, path=path))
    assert plan.devices
    assert all(str(device).startswith("/dev/") for device in plan.devices)
    assert {kind for device in plan.devices for kind in _kinds(device)} == set(letters)
    assert path in plan.read


def test_a_model_on_the_cpu_needs_no_device() -> None:
    assert reach.plan_of(settings("synthetic:platform"), MODEL).devices == ()


def test_a_film_and_the_model_may_be_read_and_nothing_else_is_possible(film: Path) -> None:
    plan = reach.plan_of(settings(str(film)), MODEL)
    assert MODEL.path is not None
    assert set(plan.read) == {MODEL.path.absolute(), film}
    assert (plan.devices, plan.connect, plan.bind) == ((), (), ())


def test_a_drawn_scene_needs_nothing() -> None:
    assert reach.plan_of(settings("synthetic:platform"), MODEL).read == (MODEL.path,)


@pytest.mark.parametrize(
    ("source", "port"),
    [
        ("rtsp://user:secret@192.0.2.1/stream", 554),
        ("rtsp://192.0.2.1:8554/stream", 8554),
        ("rtsps://192.0.2.1/stream", 322),
        ("http://192.0.2.1/mjpeg", 80),
        ("https://[2001:db8::1]/mjpeg", 443),
    ],
)
def test_a_stream_needs_its_port(source: str, port: int) -> None:
    assert reach.plan_of(settings(source), MODEL).connect == (port,)


def test_a_device_is_opened_for_writing_and_a_camera_that_is_away_is_a_path() -> None:
    plan = reach.plan_of(settings("/dev/null", "/dev/video63"), MODEL)
    assert plan.devices == (Path("/dev/null"),)
    assert Path("/dev/video63") in plan.read


def test_outputs_need_their_ports_and_the_files_that_let_us_in(
    film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/counter")
    tail = (
        '[mqtt]\nurl = "mqtts://broker.example"\nca_file = "/etc/ca.pem"\n'
        'username_file = "user"\n[prometheus]\nport = 9464\n'
    )
    plan = reach.plan_of(settings(str(film), tail=tail), MODEL, own_ports=(40_000,))
    assert plan.connect == (8883, 40_000)
    assert plan.bind == (9464, 40_000)
    named = {Path("/run/credentials/counter"), Path("/etc/ca.pem"), Path("user").absolute()}
    assert named <= set(plan.read)


def test_cameras_are_live_and_films_are_not(film: Path) -> None:
    live = {"rtsp://192.0.2.1/stream": True, "/dev/null": True}
    for source, expected in {**live, str(film): False, "synthetic:platform": False}.items():
        assert reach.is_live(CameraSettings(source=source)) is expected


def test_a_name_becomes_an_address_and_the_rest_of_it_stays() -> None:
    camera = CameraSettings(source="rtsp://user:p%40ss@localhost:8554/a/b?c=d", fps=None)
    pinned = reach.pinned("door", camera).source
    assert pinned in {
        "rtsp://user:p%40ss@127.0.0.1:8554/a/b?c=d",
        "rtsp://user:p%40ss@[::1]:8554/a/b?c=d",
    }
    there = CameraSettings(source="rtsp://192.0.2.1/stream")
    assert reach.pinned("door", there).source == there.source
    film = CameraSettings(source="clip.mp4")
    assert reach.pinned("door", film) is film


def test_a_name_that_nobody_knows_is_told_without_its_password() -> None:
    camera = CameraSettings(source="rtsp://user:secret@camera.invalid/stream")
    with pytest.raises(SourceError) as caught:
        reach.pinned("door", camera)
    assert "cameras.door.source" in caught.value.message
    assert "secret" not in caught.value.message + caught.value.hint
