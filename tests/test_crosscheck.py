"""What one key says about another: the broker's keys, and warnings."""

import pytest

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
        ('url = "mqtts://b"\nusername_file = "u"', "mqtt.password_file: missing beside"),
        ('url = "mqtts://b"\npassword_file = "p"', "mqtt.username_file: missing beside"),
    ],
)
def test_a_mistake_about_the_broker_is_named_and_keeps_the_password(mqtt: str, said: str):
    error = fault(f"{GOOD}[mqtt]\n{mqtt}\n")
    assert error.message.startswith(said)
    assert "hunter2" not in error.message + error.hint


@pytest.mark.parametrize("url", ["mqtt://localhost", "mqtts://[::1]:8883", "mqtt://10.0.0.1:1883/"])
def test_addresses_of_brokers(url: str):
    made, _ = parse(f'{GOOD}[mqtt]\nurl = "{url}"\n')
    assert made.mqtt is not None


# --- warnings ------------------------------------------------------------------------------------


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
    ],
)  # fmt: skip
def test_what_works_and_is_probably_not_meant(toml: str, said: str):
    _, warnings = parse(toml)
    assert len(warnings) == 1
    assert warnings[0].startswith(said)
