"""From a TOML file to typed settings, or to one line that names the key.

Rule 1: a message names the key as the person wrote it (`zones.front.polygon[2]`), says what was
expected, and repeats no value that may be a secret (addresses, passwords).
Rule 2: what is not known is an error with a suggestion; what is refused is refused by its name.
Rule 3: the file is bounded, and its hash is that of its bytes.
Rule 4: the first mistake is reported; what is valid and probably not meant is a warning.
"""

import difflib
import hashlib
import re
import tomllib
from dataclasses import dataclass
from datetime import date, time
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import msgspec

from counter import crosscheck, hints, refusals
from counter.errors import ConfigError, CounterError
from counter.purposes import Purpose
from counter.settings import (
    CameraSettings,
    CrowdSettings,
    DisclosureSettings,
    GroupSettings,
    LineSettings,
    ModelSettings,
    MqttSettings,
    PrometheusSettings,
    ServiceSettings,
    Settings,
    SpaceSettings,
    TrackerSettings,
    ZoneSettings,
)

MAX_BYTES: Final = 1 << 20  # 1 MiB: hundreds of times a real configuration
MAX_ENTRIES: Final = 64  # of a table of cameras, zones, lines or groups: one box, one payload each

NAMED_TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "cameras": CameraSettings,
    "zones": ZoneSettings,
    "lines": LineSettings,
    "groups": GroupSettings,
    "spaces": SpaceSettings,
}
TABLES: Final[dict[str, type[msgspec.Struct]]] = {
    "model": ModelSettings,
    "tracker": TrackerSettings,
    "disclosure": DisclosureSettings,
    "crowd": CrowdSettings,
    "service": ServiceSettings,
    "mqtt": MqttSettings,
    "prometheus": PrometheusSettings,
}
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")  # as settings.Name

S = TypeVar("S", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class Loaded:
    settings: Settings
    sha256: str  # of the file's bytes
    warnings: tuple[str, ...]


def load(path: Path) -> Loaded:
    """Read and check a configuration. Raises ConfigError, or RefusedError for what is refused."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise ConfigError(
            f"{path}: the configuration cannot be read: {reason}", "give the path of a TOML file"
        ) from None
    settings, warnings = parse(data, str(path))
    return Loaded(settings, hashlib.sha256(data).hexdigest(), warnings)


def parse(data: bytes, where: str) -> tuple[Settings, tuple[str, ...]]:
    """Read and check the bytes of a configuration; `where` names it in messages. Raises as load."""
    settings = to_settings(_document(data, where))
    return settings, crosscheck.check(settings)


def to_settings(document: dict[str, Any]) -> Settings:
    """Convert a TOML document table by table, so that every message can name the key."""
    _known_keys(document, Settings, "")
    purpose = document.get("purpose")
    if isinstance(purpose, str) and purpose not in set(Purpose):
        raise _wrong_purpose(purpose)
    converted = dict(document)
    for key, struct in NAMED_TABLES.items():
        if key in document:
            converted[key] = _entries(document[key], struct, key)
    for key, struct in TABLES.items():
        if key in document:
            converted[key] = _convert(document[key], struct, f"{key}.")
    return _convert(converted, Settings, "")


def _document(data: bytes, where: str) -> dict[str, Any]:
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{where}: larger than {MAX_BYTES} bytes", "is this a configuration?")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{where}: line {line}: not UTF-8", "save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{where}: not TOML: {error}", "examples/carriage.toml shows the syntax"
        ) from None
    except RecursionError:
        raise ConfigError(f"{where}: not TOML: nested too deeply") from None


def _entries(table: Any, struct: type[S], key: str) -> dict[str, S]:
    """Convert `[key.name]` tables one by one."""
    if not isinstance(table, dict):
        raise ConfigError(f"{key}: expected named tables", f"write [{key}.front] above the keys")
    if len(table) > MAX_ENTRIES:
        raise ConfigError(f"{key}: {len(table)} given, at most {MAX_ENTRIES} expected")
    for name in table:
        if not NAME.fullmatch(name):
            raise ConfigError(
                f"{key}: {name[:40]!r} is not a name", "use a to z, 0 to 9 and '-', at most 32"
            )
    return {name: _convert(raw, struct, f"{key}.{name}.") for name, raw in table.items()}


def _convert(raw: Any, struct: type[S], prefix: str) -> S:
    if not isinstance(raw, dict):
        raise ConfigError(
            f"{prefix[:-1]}: expected a table", f"write [{prefix[:-1]}] above the keys"
        )
    _known_keys(raw, struct, prefix)
    converted = dict(raw)
    for key, value in raw.items():
        _finite(value, f"{prefix}{key}")
        if isinstance(value, date | time):
            converted[key] = value.isoformat()  # TOML has times of its own
    for field in msgspec.structs.fields(struct):
        nested = _table_of(field.type)
        if nested is not None and isinstance(raw.get(field.name), dict):
            converted[field.name] = _convert(raw[field.name], nested, f"{prefix}{field.name}.")
    try:
        return msgspec.convert(converted, struct)
    except msgspec.ValidationError as error:
        raise hints.wrong_value(str(error), struct, prefix) from None


def _table_of(kind: Any) -> type[msgspec.Struct] | None:
    """The struct of a table within a table, which may be left out; None for any other type."""
    either = get_args(kind) if type(None) in get_args(kind) else ()
    return next((one for one in either if isinstance(one, type(msgspec.Struct))), None)


def _known_keys(raw: dict[str, Any], struct: type[msgspec.Struct], prefix: str) -> None:
    """Refuse, suggest, or call unknown what the settings do not have (Rule 2)."""
    known = {field.name: field for field in msgspec.structs.fields(struct)}
    for key in raw:
        if key in known:
            continue
        if name := refusals.asked_by(key):
            raise refusals.refuse(name, f"{prefix}{key}: {refusals.REFUSALS[name].what}")
        near = difflib.get_close_matches(key, known, 1)
        hint = f"did you mean {prefix}{near[0]}?" if near else f"known: {', '.join(known)}"
        raise ConfigError(f"{prefix}{key}: unknown key", hint)
    for key, field in known.items():
        if field.required and key not in raw:
            raise ConfigError(f"{prefix}{key}: missing", "examples/carriage.toml has every key")


def _wrong_purpose(purpose: str) -> CounterError:
    if name := refusals.asked_by(purpose):
        return refusals.refuse(name, f"purpose: {refusals.REFUSALS[name].what}")
    return ConfigError("purpose: not one of the purposes", f"choose {', '.join(Purpose)}")


def _finite(value: Any, where: str) -> None:
    """TOML has inf and nan; no setting has a use for them."""
    if isinstance(value, float) and not isfinite(value):
        raise ConfigError(f"{where}: expected a finite number", hints.hint(where))
    if isinstance(value, list):
        for index, item in enumerate(value):
            _finite(item, f"{where}[{index}]")
