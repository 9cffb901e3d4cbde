"""What `[crowd]` says of zones: the checks between it and the other tables.

Rule: nothing here opens a file; whether the model is there is for `models` to say.
"""

from collections.abc import Iterator

from counter.errors import ConfigError
from counter.settings import Settings


def check(settings: Settings) -> None:
    """Raise ConfigError for a gain of a zone that is not there."""
    for zone in settings.crowd.gains if settings.crowd is not None else ():
        if zone not in settings.zones:
            known = ", ".join(settings.zones) or "none"
            raise ConfigError(f"crowd.gains.{zone}: there is no zone {zone}", f"known: {known}")


def warnings(settings: Settings) -> Iterator[str]:
    for name, zone in settings.zones.items() if settings.crowd is not None else ():
        if zone.anchor != "head":
            yield (
                f"zones.{name}.anchor: {zone.anchor}, but crowd.model counts heads where they are"
                ' seen: draw the zone around heads, with anchor = "head"'
            )
