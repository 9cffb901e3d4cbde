"""URL and files of a broker: read before anything connects, and named when they are wrong."""

import re
from pathlib import Path

import msgspec
import pytest

from counter.errors import ConfigError
from counter.outputs.mqtt.endpoint import endpoint_of
from counter.settings import MqttSettings
from tests.deliveries import failure

USER, SECRET = "train-7", "correct horse battery"


# What the keys say about each other is crosscheck's; here is that it is asked.
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1", "mqtt.url: not the address of a broker"),
        ("mqtt://train:s3cr3t@broker", "mqtt.url: a user name or password stands in the address"),
    ],
)
def test_a_bad_url_is_said_at_once(url: str, said: str) -> None:
    error = failure(url)
    assert isinstance(error, ConfigError)
    assert said in error.message
    assert "s3cr3t" not in error.message + error.hint


def test_the_port_follows_from_the_scheme() -> None:
    assert endpoint_of(MqttSettings(url="mqtt://broker")).port == 1883
    secure = endpoint_of(MqttSettings(url="mqtts://broker"))
    assert secure.port == 8883
    assert secure.tls is not None
    assert secure.tls.check_hostname


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"username_file": "/nowhere/user"}, "mqtt.username_file: /nowhere/user cannot be read"),
        ({"ca_file": "/nowhere/ca"}, "mqtt.ca_file: given, but mqtt.url is not"),
        ({"url": "mqtts://broker", "ca_file": "/nowhere/ca"}, "mqtt.ca_file: /nowhere/ca"),
        ({"url": "mqtts://broker", "cert_file": "/nowhere/c"}, "mqtt.key_file: missing"),
        (
            {"url": "mqtts://broker", "cert_file": "/nowhere/c", "key_file": "/nowhere/k"},
            "mqtt.cert_file: /nowhere/c (or its key) cannot be read",
        ),
    ],
)
def test_a_missing_file_is_named_with_its_key(settings: dict[str, str], said: str) -> None:
    assert said in failure(**{"url": "mqtt://broker", **settings}).message  # type: ignore[arg-type]


@pytest.mark.parametrize("content", [b"", b"one\ntwo\n", b"nul\0byte", b"\xff\xfe latin"])
def test_a_credential_file_holds_one_line_and_is_never_quoted(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "user"
    path.write_bytes(content)
    error = failure("mqtt://broker", username_file=str(path))
    assert "does not hold one line" in error.message
    assert error.__cause__ is None
    assert not re.search(r"one\W*two|nul.*byte|latin", error.message)


def test_credentials_are_read_without_their_newline_and_stay_out_of_repr(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "user").write_text(f"{USER}\n")
    (tmp_path / "password").write_text(f"{SECRET}\r\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))  # as systemd's LoadCredential= does
    names = {"username_file": "user", "password_file": "password"}
    endpoint = endpoint_of(msgspec.convert({"url": "mqtt://broker", **names}, MqttSettings))
    assert (endpoint.username, endpoint.password) == (USER, SECRET)
    assert SECRET not in repr(endpoint) + str(endpoint)
    del names["username_file"]
    assert "mqtt.username_file: missing" in failure("mqtt://broker", **names).message  # type: ignore[arg-type]
