"""Being let in, and being told in a line why not: URL, files, TLS, passwords, versions."""

import os
import re
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from counter.errors import OutputError
from counter.outputs.mqtt import MqttOutput
from counter.outputs.mqtt.dialler import Dialler
from counter.outputs.mqtt.endpoint import Endpoint
from counter.settings import MqttSettings
from tests import certificates
from tests.broker import MOSQUITTO, Mosquitto, Subscriber, free_port, needs_mosquitto, wait_for
from tests.certificates import Certificates, needs_openssl
from tests.deliveries import failure
from tests.releases import ANNOUNCEMENT, HEALTH, busy

USER, SECRET = "train-7", "correct horse battery"


def delivers(url: str, subscriber: Subscriber, **settings: Any) -> None:
    output = MqttOutput(MqttSettings(url=url, **settings), ANNOUNCEMENT)
    output.connect()
    output.publish(busy(1), HEALTH)
    output.close()
    wait_for(lambda: subscriber.last("/status") == b"offline", "offline")
    assert len(subscriber.counts()) == len(busy(1))


def test_an_absent_broker_is_one_line() -> None:
    port = free_port()
    error = failure(f"mqtt://127.0.0.1:{port}")
    assert isinstance(error, OutputError)
    assert f"no connection to the broker at 127.0.0.1:{port}: Connection refused" in error.message


@needs_mosquitto
def test_a_broker_that_is_late_by_a_moment_is_waited_for(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path)
    output = MqttOutput(MqttSettings(url=broker.url), ANNOUNCEMENT)
    starter = threading.Timer(0.3, broker.start)
    starter.start()
    try:
        output.connect(10.0)
        output.close()
    finally:
        starter.join()
        broker.stop()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker that wants a user name and a password."""
    tool = Path(str(MOSQUITTO)).parent.parent / "bin" / "mosquitto_passwd"
    subprocess.run([tool, "-b", "-c", tmp_path / "users", USER, SECRET], check=True)
    (tmp_path / "user").write_text(f"{USER}\n")
    (tmp_path / "right").write_text(f"{SECRET}\n")
    (tmp_path / "wrong").write_text("hunter2\n")
    lines = ("allow_anonymous false", f"password_file {tmp_path / 'users'}")
    with Mosquitto(tmp_path, extra=lines) as broker:
        yield broker


@needs_mosquitto
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_the_right_password_delivers_and_a_wrong_one_is_said(
    guarded: Mosquitto, protocol: str
) -> None:
    files = {"username_file": str(guarded.folder / "user"), "protocol": protocol}
    with Subscriber(guarded.port, user=USER, password=SECRET) as subscriber:
        delivers(guarded.url, subscriber, password_file=str(guarded.folder / "right"), **files)
    # Not tried again: a minute is far longer than the whole test may take.
    error = failure(guarded.url, 60.0, password_file=str(guarded.folder / "wrong"), **files)
    assert re.search("refuses the user name or password|lets nobody in by this name", error.message)
    assert "mqtt.password_file" in error.hint
    assert "hunter2" not in error.message + error.hint
    assert "lets nobody in" in failure(guarded.url, 60.0, protocol=protocol).message


@needs_mosquitto
@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_user_name_without_a_password_is_asked_of_the_broker(
    guarded: Mosquitto, protocol: str
) -> None:
    """Whether a name is enough is the broker's to say; this one wants a password as well."""
    user = str(guarded.folder / "user")
    error = failure(guarded.url, 60.0, username_file=user, protocol=protocol)
    assert re.search("refuses the user name or password|lets nobody in by this name", error.message)


@needs_mosquitto
def test_a_token_for_a_user_name_is_let_in(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{USER}\n")
    with Mosquitto(tmp_path) as broker, Subscriber(broker.port) as subscriber:
        delivers(broker.url, subscriber, username_file=str(tmp_path / "token"))
        assert f"u'{USER}'" in broker.log


@needs_mosquitto
def test_no_two_devices_share_a_client_id(tmp_path: Path) -> None:
    """A broker ends the older of two connections with one id: `a-b/c` and `a/b-c` are two."""
    outputs = [
        MqttOutput(MqttSettings(url="mqtt://broker"), replace(ANNOUNCEMENT, sensor_id=name))
        for name in ("a-b/c", "a/b-c")
    ]
    ids = [output._session.client_id for output in outputs]
    for output in outputs:
        output.close(0.0)
    assert len(set(ids)) == 2
    with Mosquitto(tmp_path) as broker:
        for name in ids:  # both are let in
            output = MqttOutput(MqttSettings(url=broker.url, client_id=name), ANNOUNCEMENT)
            output.connect()
            output.close()
            assert f"as {name} " in broker.log


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates.make(tmp_path_factory.mktemp("papers"))


@needs_mosquitto
@needs_openssl
@pytest.mark.parametrize("mutual", [False, True])
def test_tls_delivers_to_whom_it_trusts(
    tmp_path: Path, papers: Certificates, *, mutual: bool
) -> None:
    demand = f"require_certificate {'true' if mutual else 'false'}"
    lines = (*papers.listener, demand, "allow_anonymous true")
    files = {"cert_file": papers.path("client.pem"), "key_file": papers.path("client.key")}
    with Mosquitto(tmp_path, extra=lines, scheme="mqtts") as broker:
        tls = {"ca_certs": papers.path("ca.pem")}
        own = {"certfile": files["cert_file"], "keyfile": files["key_file"]}
        with Subscriber(broker.port, tls={**tls, **own}) as subscriber:
            delivers(
                broker.url, subscriber, ca_file=papers.path("ca.pem"), **(files if mutual else {})
            )
        error = failure(broker.url, 60.0, ca_file=papers.path("stranger.pem"))
        assert "its certificate is not accepted" in error.message
        assert "mqtt.ca_file" in error.hint
        if mutual:
            assert "mqtt.cert_file" in failure(broker.url, ca_file=papers.path("ca.pem")).hint
        plain = broker.url.replace("mqtts", "mqtt")
        assert "does not answer as an MQTT broker" in failure(plain).message


@needs_mosquitto
@needs_openssl
def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    papers = certificates.make(tmp_path, server_name="DNS:elsewhere.example")
    lines = (*papers.listener, "allow_anonymous true")
    with Mosquitto(tmp_path, extra=lines, scheme="mqtts") as broker:
        error = failure(broker.url, 60.0, ca_file=papers.path("ca.pem"))
    assert "its certificate is not accepted" in error.message
    assert "127.0.0.1" in error.message


@needs_openssl
def test_a_file_that_is_no_certificate_is_named_and_not_quoted(
    tmp_path: Path, papers: Certificates
) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("-----BEGIN CERTIFICATE-----\nsesame\n")
    error = failure("mqtts://broker", ca_file=str(bad))
    assert f"mqtt.ca_file: {bad}" in error.message
    assert "sesame" not in error.message
    mixed = {"cert_file": papers.path("client.pem"), "key_file": papers.path("server.key")}
    assert "mqtt.cert_file" in failure("mqtts://broker", **mixed).message  # type: ignore[arg-type]


def test_what_is_no_broker_is_said() -> None:
    """A web server's answer is bytes that paho cannot read; a silent one is a broker that hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            sock, _ = listener.accept()
            sock.recv(1000)
            sock.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            sock.close()

        thread = threading.Thread(target=answer)
        thread.start()
        error = failure(f"mqtt://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert re.search("does not answer as an MQTT broker|is no MQTT", error.message)


def test_a_name_that_was_known_is_dialled_without_a_name_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sandbox takes the name service away after the first connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        dial = Dialler(Endpoint("localhost", listener.getsockname()[1]))
        dial(1.0).close()

        def gone(*_: Any, **__: Any) -> None:
            raise socket.gaierror(socket.EAI_AGAIN, os.strerror(1))

        monkeypatch.setattr(socket, "getaddrinfo", gone)
        dial(1.0).close()
        with pytest.raises(socket.gaierror):
            Dialler(Endpoint("localhost", listener.getsockname()[1]))(1.0)
