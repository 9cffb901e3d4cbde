"""What one key says about another: the broker's keys, and warnings."""

import pytest

from counter import crosscheck
from counter.detectors import open as detectors
from counter.sources.synthetic.source import KINDS
from counter.tracking import tracker
from tests.tomls import CAMERA, GOOD, LINE, REAR, ZONE, fault, parse, text


@pytest.mark.parametrize(
    ("mqtt", "said"),
    [
        ('url = "broker"', "mqtt.url: not the address of a broker"),
        ('url = "http://broker"', "mqtt.url: not the address of a broker"),
        ('url = "mqtt://"', "mqtt.url: not the address of a broker"),
        ('url = "mqtt://broker:0"', "mqtt.url: not the address of a broker"),
        ('url = "mqtt://broker:65536"', "mqtt.url: not an address"),
        ('url = "mqtt://broker:port"', "mqtt.url: not an address"),
        ('url = "mqtt://[::1"', "mqtt.url: not an address"),
        ('url = "mqtt://u:hunter2@broker"', "mqtt.url: a user name or password stands in"),
        ('url = "mqtt://broker/topic"', "mqtt.url: nothing may follow the port"),
        ('url = "mqtt://broker"\nca_file = "ca.pem"', "mqtt.ca_file: given, but mqtt.url is not"),
        ('url = "mqtts://broker"\ncert_file = "c"', "mqtt.key_file: missing beside mqtt.cert_file"),
        ('url = "mqtts://broker"\nkey_file = "c"', "mqtt.cert_file: missing beside mqtt.key_file"),
        ('url = "mqtts://b"\npassword_file = "p"', "mqtt.username_file: missing beside"),
    ],
)
def test_a_mistake_about_the_broker_is_named_and_keeps_the_password(mqtt: str, said: str):
    error = fault(f"{GOOD}[mqtt]\n{mqtt}\n")
    assert error.message.startswith(said)
    assert "hunter2" not in error.message + error.hint


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("mqtt://localhost", ("mqtt", "localhost", 1883)),
        ("mqtts://localhost", ("mqtts", "localhost", 8883)),
        ("mqtts://[::1]:8884", ("mqtts", "::1", 8884)),
        ("mqtt://10.0.0.1:1884/", ("mqtt", "10.0.0.1", 1884)),
    ],
)
def test_addresses_of_brokers(url: str, address: tuple[str, str, int]):
    made, _ = parse(f'{GOOD}[mqtt]\nurl = "{url}"\n')
    assert made.mqtt is not None
    assert crosscheck.broker_address(made.mqtt) == address


def test_a_user_name_without_a_password_is_right():
    """A broker may take a token for the name, and ask for no password."""
    made, _ = parse(f'{GOOD}[mqtt]\nurl = "mqtt://broker"\nusername_file = "token"\n')
    assert made.mqtt is not None


@pytest.mark.parametrize("source", ["synthetic:bus", "synthetic:", "SYNTHETIC:Platform"])
def test_a_scene_that_does_not_exist(source: str):
    error = fault(GOOD.replace("clip.mp4", source))
    assert error.message == "cameras.door.source: there is no such scene"
    assert all(f"synthetic:{one}" in error.hint for one in crosscheck.SCENES)


def test_the_scenes_are_those_that_are_drawn():
    assert set(crosscheck.SCENES) == set(KINDS)


# --- pictures and gaps ---------------------------------------------------------------------------

SLOW = text(CAMERA + "fps = 0.3\nSTALL\n", ZONE + "seats = 40\n")


@pytest.mark.parametrize("stall", ["", "stall_s = 3.3"])
def test_pictures_further_apart_than_a_gap_would_all_be_missing(stall: str):
    error = fault(SLOW.replace("STALL", stall))
    assert error.message.startswith("cameras.door.fps: its pictures lie further apart than")
    assert "cameras.door.stall_s" in error.message
    assert error.hint == "set cameras.door.stall_s to 4 or more"


def test_the_hint_about_gaps_is_right():
    assert parse(SLOW.replace("STALL", "stall_s = 4"))[1] == ()


# --- warnings ------------------------------------------------------------------------------------


def camera(source: str, key: str) -> str:
    return GOOD.replace('"clip.mp4"', f'"{source}"\n{key}')


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (GOOD + '[cameras.spare]\nsource = "x"\n', "cameras.spare: no zone and no line uses it"),
        (text(CAMERA, ZONE), "zones.front: no seats and no standing_m2"),
        (text(CAMERA, ZONE + "seats = 8\n"), 'zones.front: holds 8 persons, so only "<11"'),
        (text(CAMERA, ZONE, purpose="event-density"), "zones.front: no area_m2, so no density"),
        (text(CAMERA, LINE.replace("0.5]", "0.97]"), purpose="footfall"),
         "lines.in.points: runs along the picture's border"),
        (text(CAMERA, ZONE, LINE, purpose="footfall"), "zones: releases nothing beside lines"),
        (text(CAMERA, ZONE + "seats = 40\n", REAR, '[groups.all]\nzones = ["front", "rear"]\n'),
         "groups.all: no seats and no standing_m2"),
        (camera("clip.mp4", "people = 3"), "cameras.door.people: no effect on this source"),
        (camera("frames/", "seed = 3"), "cameras.door.seed: no effect on this source"),
        (camera("clip.mp4", "size = [640, 480]"), "cameras.door.size: no effect on this source"),
        (camera("RTSP://host/live", "fps = 5"), "cameras.door.fps: no effect on this source"),
        (camera("https://host/live", "fps = 0.2"), "cameras.door.fps: no effect on this source"),
        (camera("/dev/video0", "fps = 5"), "cameras.door.fps: no effect on this source"),
        (camera("/dev/v4l/by-id/usb", "seed = 3"), "cameras.door.seed: no effect on this source"),
        (GOOD + "[model]\nconfidence = 0.05\n", "model.confidence: less than 0.1 does as 0.1"),
    ],
)  # fmt: skip
def test_what_works_and_is_probably_not_meant(toml: str, said: str):
    _, warnings = parse(toml)
    assert len(warnings) == 1
    assert warnings[0].startswith(said)


@pytest.mark.parametrize(
    ("source", "keys"),
    [
        ("clip.mp4", "fps = 5"),
        ("frames/", "fps = 5"),
        ("/dev/shared/clip.mp4", "fps = 5"),
        ("/dev/video0", "size = [640, 480]"),
        ("synthetic:platform", "fps = 5\nsize = [640, 480]\nseed = 3\npeople = 3"),
    ],
)
def test_keys_with_an_effect_are_no_warning(source: str, keys: str):
    assert parse(camera(source, keys))[1] == ()


def test_the_least_confidence_is_the_one_that_the_parts_look_at():
    assert crosscheck.UNSURE == tracker.UNSURE == detectors.FLOOR
    assert parse(GOOD + "[model]\nconfidence = 0.1\n")[1] == ()
