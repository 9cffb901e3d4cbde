"""Where the broker is, and what lets us in: all of it is looked at before anything connects.

Rule 1: an error names the key and the file, never what the file holds.
Rule 2: credentials come from files; in the URL they would end up in logs and process lists.
Rule 3: a certificate is always checked, with the host's name.
"""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from counter.errors import ConfigError
from counter.settings import MqttSettings

PORTS = {"mqtt": 1883, "mqtts": 8883}  # registered by IANA
URL_HINT = 'write mqtt.url = "mqtt://host:1883", or "mqtts://host:8883" for TLS'


@dataclass(frozen=True, slots=True)
class Endpoint:
    host: str
    port: int
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def endpoint_of(settings: MqttSettings) -> Endpoint:
    """Read the URL and every file it needs. Raises ConfigError."""
    try:
        parts = urlsplit(settings.url)
    except ValueError as error:
        raise ConfigError("mqtt.url is not a URL", URL_HINT) from error
    host, port = _address(parts)
    username = _secret("mqtt.username_file", settings.username_file)
    password = _secret("mqtt.password_file", settings.password_file)
    if password is not None and username is None:
        raise ConfigError(
            "mqtt.password_file is given without mqtt.username_file",
            "a broker looks up the password by the user's name",
        )
    return Endpoint(host, port, _tls(parts.scheme, settings), username, password)


def _address(parts: SplitResult) -> tuple[str, int]:
    if parts.scheme not in PORTS:
        raise ConfigError(
            f"mqtt.url: scheme {parts.scheme!r} given, mqtt or mqtts expected", URL_HINT
        )
    if "@" in parts.netloc:
        raise ConfigError(
            "mqtt.url holds a user name or password",
            "put each in a file and name it in mqtt.username_file and mqtt.password_file",
        )
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ConfigError("mqtt.url: the port is not a number from 1 to 65535", URL_HINT) from error
    if not host or port == 0:
        raise ConfigError("mqtt.url: a host and a port from 1 to 65535 are expected", URL_HINT)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ConfigError("mqtt.url: nothing is expected after the port", URL_HINT)
    return host, port or PORTS[parts.scheme]


def _tls(scheme: str, settings: MqttSettings) -> ssl.SSLContext | None:
    if scheme == "mqtt":
        for name in ("ca_file", "cert_file", "key_file"):
            if getattr(settings, name) is not None:
                raise ConfigError(f"mqtt.{name} is given, but mqtt.url is not mqtts", URL_HINT)
        return None
    if (settings.cert_file is None) != (settings.key_file is None):
        raise ConfigError(
            "mqtt.cert_file and mqtt.key_file belong together", "give both, or neither"
        )
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        authority = _path(settings.ca_file)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts this authority only; Rule 3
        _load("mqtt.ca_file", authority, lambda: context.load_verify_locations(authority))
    if settings.cert_file is not None and settings.key_file is not None:
        chain, key = _path(settings.cert_file), _path(settings.key_file)
        # An encrypted key would ask at a terminal; an empty passphrase makes it an error instead.
        _load("mqtt.cert_file", chain, lambda: context.load_cert_chain(chain, key, ""))
    return context


def _load(key: str, path: Path, load: Callable[[], object]) -> None:
    try:
        load()
    except ssl.SSLError as error:
        raise ConfigError(
            f"{key}: {path} (or its key) is not a usable PEM file", "a key must have no passphrase"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{key}: {path} (or its key) cannot be read: {error.strerror}", "check path and rights"
        ) from error


def _secret(key: str, name: str | None) -> str | None:
    """Read one line; the newline that an editor leaves at its end is not part of it."""
    if name is None:
        return None
    path = _path(name)
    try:
        text = path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(
            f"{key}: {path} cannot be read: {error.strerror}", "check path and rights"
        ) from error
    except UnicodeDecodeError:
        text = ""  # and no `from`: the error quotes what the file holds
    if not text or "\n" in text or "\0" in text:
        raise ConfigError(f"{key}: {path} does not hold one line of text", "one line, UTF-8")
    return text


def _path(name: str) -> Path:
    """Find a plain name among systemd's credentials first (LoadCredential=)."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if folder and not Path(name).is_absolute() and (Path(folder) / name).exists():
        return Path(folder) / name
    return Path(name)
