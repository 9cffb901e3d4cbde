"""What is refused is refused by its name, and nothing else is."""

import re
from pathlib import Path

import msgspec
import pytest

from counter import config, refusals
from counter.errors import RefusedError
from counter.evaluate.request import live_refusal
from counter.purposes import Purpose
from counter.settings import Settings
from tests.commands import assert_mistake, counter
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
    (text(CAMERA + "close_up = true\n", ZONE), "recognisable-people"),
    (GOOD + '[evaluation]\nground_truth = "gt.txt"\n', "live-evaluation"),
    (text(CAMERA, ZONE + "licence_plates = true\n"), "biometric"),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "name"), REFUSED)
def test_a_refusal_has_a_name_and_a_way_out(toml: str, name: str):
    error = fault(toml)
    assert isinstance(error, RefusedError)
    assert error.name == name
    assert f"(refused: {name})" in error.message
    assert error.hint == refusals.REFUSALS[name].hint
    assert error.hint


@pytest.mark.parametrize("name", refusals.REFUSALS)
def test_check_explains_every_refusal_of_the_table(name: str, tmp_path: Path):
    """As a person meets it. A new row without a configuration that asks for it fails here."""
    refusal = refusals.REFUSALS[name]
    tomls = [toml for toml, refused in REFUSED if refused == name]
    assert tomls, f"write down a configuration that asks for {name}"
    (tmp_path / "box.toml").write_text(tomls[0])
    done = counter("check", str(tmp_path / "box.toml"))
    assert_mistake(done, f"(refused: {name})", refusal.what, refusal.hint)
    assert done.stdout == ""


def test_the_table_has_every_refusal_that_is_raised():
    """Also those that are made elsewhere: a name is spelt once, and its hint stands here."""
    live = live_refusal()
    assert live.name in refusals.REFUSALS
    source = Path(refusals.__file__).parent
    spelt = {
        name
        for path in source.rglob("*.py")
        for name in re.findall(r'(?:refuse|RefusedError)\(\s*"([a-z-]+)"', path.read_text())
    }
    assert {"live-evaluation", "small-zone"} <= spelt <= set(refusals.REFUSALS)


def test_a_live_camera_is_not_evaluated(tmp_path: Path):
    (tmp_path / "labels.csv").write_text("frame,count\n0,1\n")
    for source in ("rtsp://127.0.0.1/live", "/dev/video0"):
        done = counter("evaluate", source, "--labels", str(tmp_path / "labels.csv"))
        assert done.returncode == 2
        assert "(refused: live-evaluation)" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_refusal_says_why_once():
    error = refusals.refuse("biometric", "zones.front.faces: 1 given", "do without")
    what = refusals.REFUSALS["biometric"].what
    assert error.message == f"zones.front.faces: 1 given; {what} (refused: biometric)"
    assert error.hint == "do without"
    error = refusals.refuse("biometric", f"zones.front.faces: {what}")
    assert error.message.count(what) == 1


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
