"""Where the broker is, and what lets us in: all of it is looked at before anything connects.

What the keys say about each other is checked in `crosscheck`, once for `check` and for here.

Rule 1: an error names the key and the file, never what the file holds.
Rule 2: credentials come from files; in the URL they would end up in logs and process lists.
Rule 3: a certificate is always checked, with the host's name.
"""

import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from counter.crosscheck import broker_address
from counter.errors import ConfigError
from counter.settings import MqttSettings


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
    """Read every file that the settings name. Raises ConfigError, also for what disagrees."""
    scheme, host, port = broker_address(settings)
    username = _secret("mqtt.username_file", settings.username_file)
    password = _secret("mqtt.password_file", settings.password_file)
    tls = _tls(settings) if scheme == "mqtts" else None
    return Endpoint(host, port, tls, username, password)


def _tls(settings: MqttSettings) -> ssl.SSLContext:
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
