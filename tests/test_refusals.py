"""What is refused is refused by its name, and nothing else is."""

import msgspec
import pytest

from counter import config, refusals
from counter.errors import RefusedError
from counter.purposes import Purpose
from counter.settings import Settings
from tests.tomls import CAMERA, GOOD, LINE, REAR, ZONE, fault, parse, text

REFUSED = [
    (text(CAMERA, ZONE, purpose="security"), "operational-purpose"),
    (text(CAMERA, ZONE, purpose="access-control"), "operational-purpose"),
    (text(CAMERA, ZONE, purpose="face-recognition"), "biometric"),
    (text(CAMERA, ZONE, purpose="queue-time"), "individual-tracking"),
    (text(CAMERA, ZONE, purpose="demographics"), "attribute"),
    (text(CAMERA, ZONE, purpose="mask-rate"), "attribute"),
    (text(CAMERA, ZONE, purpose="abandoned-luggage"), "event-detection"),
    (GOOD + '[webhook]\nurl = "http://x"\n', "operational-purpose"),
    (GOOD + "[alerts]\n", "operational-purpose"),
    (text(CAMERA, ZONE + "alert_above = 50\n"), "operational-purpose"),
    (text(CAMERA, ZONE + "on_trigger = 1\n"), "operational-purpose"),
    (GOOD + "[model]\nfaces = true\n", "biometric"),
    (GOOD + "[tracker]\nreid = true\n", "individual-tracking"),
    (text(CAMERA, ZONE + "dwell = true\n"), "individual-tracking"),
    (GOOD + "[tracker]\ntrajectories = true\n", "individual-tracking"),
    (GOOD + "[model]\nluggage = true\n", "event-detection"),
    (text(CAMERA, LINE + "wrong_way = true\n", purpose="footfall"), "event-detection"),
    (text(CAMERA, ZONE + "gender = true\n"), "attribute"),
    (text(CAMERA, ZONE + "age = true\n"), "attribute"),
    ('snapshot = "door.jpg"\n' + GOOD, "image-egress"),
    (text(CAMERA + 'record = "out.mp4"\n', ZONE), "image-egress"),
    (text(CAMERA + "live-view = 8080\n", ZONE), "image-egress"),
    ("publish_on_change = true\n" + GOOD, "event-egress"),
    (GOOD + "[disclosure]\nexact = true\n", "event-egress"),
    (text(CAMERA + 'recorder = "nvr"\n', ZONE), "recording-source"),
    (text('[cameras.door]\nsource = "rtsp://h/Streaming/tracks/101"\n', ZONE), "recording-source"),
    (text('[cameras.door]\nsource = "rtsp://h/cam/playback?channel=1"\n', ZONE),
     "recording-source"),
    (text('[cameras.door]\nsource = "rtsp://h/x?starttime=20260101T0000Z"\n', ZONE),
     "recording-source"),
    (GOOD + "[disclosure]\nthreshold = 9\n", "small-zone"),
    (GOOD + "[disclosure]\nthreshold = 0\n", "small-zone"),
    (GOOD + "[disclosure]\nrounding = 1\n", "small-zone"),
    (text(CAMERA, ZONE + "area_m2 = 0.5\n"), "small-zone"),
    (text(CAMERA, '[zones.seat]\ncamera = "door"\npolygon = [[0, 0], [0.03, 0], [0, 0.03]]\n'),
     "small-zone"),
    ("interval_s = 20\n" + GOOD, "short-window"),
    ("interval_s = 600\n" + text(CAMERA, LINE, purpose="footfall"), "short-window"),
    ("sliding_window = true\n" + GOOD, "short-window"),
    (text(CAMERA, ZONE, REAR.replace("0.5,", "0.49,")), "overlapping-zones"),
    (text(CAMERA, ZONE, REAR.replace("0.5,", "0.499,")), "overlapping-zones"),
    (text(CAMERA, ZONE, REAR + 'anchor = "head"\n'), "overlapping-zones"),
    (text(CAMERA, ZONE, LINE, LINE.replace("in]", "too]"), purpose="footfall"),
     "overlapping-zones"),
    (text(CAMERA, ZONE, REAR, '[groups.a]\nzones = ["front", "rear"]\n',
          '[groups.b]\nzones = ["rear", "front"]\n'), "overlapping-zones"),
    ("total = true\n" + GOOD, "overlapping-zones"),
    ("events = true\n" + GOOD, "event-egress"),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "name"), REFUSED)
def test_a_refusal_has_a_name_and_a_way_out(toml: str, name: str):
    error = fault(toml)
    assert isinstance(error, RefusedError)
    assert error.name == name
    assert f"(refused: {name})" in error.message
    assert error.hint == refusals.REFUSALS[name].hint
    assert error.hint


def test_every_refusal_of_the_list_is_reached():
    assert {name for _, name in REFUSED} == set(refusals.REFUSALS)


def test_a_refusal_names_the_key():
    assert fault(text(CAMERA, ZONE + "dwell_s = 3\n")).message.startswith("zones.front.dwell_s: ")


def test_names_that_people_give_ask_for_nothing():
    names = text(
        '[cameras.faces]\nsource = "snapshot.mp4"\n',
        '[zones.alert]\ncamera = "faces"\npolygon = [[0, 0], [1, 0], [0, 1]]\nseats = 40\n',
    )
    assert parse(names)[1] == ()


def test_no_setting_is_named_like_a_refused_thing():
    """A word of the table must not catch a slip in a real key."""
    structs: list[type[msgspec.Struct]] = [Settings]
    structs += [*config.NAMED_TABLES.values(), *config.TABLES.values()]
    keys = {field for struct in structs for field in struct.__struct_fields__}
    assert {key: refusals.asked_by(key) for key in keys if refusals.asked_by(key)} == {}
    assert all(refusals.asked_by(purpose) is None for purpose in Purpose)


@pytest.mark.parametrize(
    "source", ["clip.mp4", "recording.mp4", "/archive/clip.mp4", "rtsp://h/live?channel=1",
               "/dev/video0", "synthetic:platform", "rtsp://h:554/Streaming/Channels/101"],
)  # fmt: skip
def test_footage_and_live_streams_are_no_recorders(source: str):
    assert parse(GOOD.replace("clip.mp4", source))[1] == ()
