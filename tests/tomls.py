"""Parts of configurations as a person writes them, and what is said about them."""

import pytest

from counter import config
from counter.errors import CounterError
from counter.settings import Settings

TOP = 'site = "s"\ndevice = "d"\n'
CAMERA = '[cameras.door]\nsource = "clip.mp4"\n'
ZONE = (
    '[zones.front]\ncamera = "door"\npolygon = [[0.1, 0.1], [0.5, 0.1], [0.5, 0.9], [0.1, 0.9]]\n'
)
REAR = '[zones.rear]\ncamera = "door"\npolygon = [[0.5, 0.1], [0.9, 0.1], [0.9, 0.9], [0.5, 0.9]]\n'
LINE = '[lines.in]\ncamera = "door"\npoints = [[0.1, 0.5], [0.9, 0.5]]\n'


def text(*parts: str, purpose: str = "passenger-information") -> str:
    return f'{TOP}purpose = "{purpose}"\n' + "".join(parts)


GOOD = text(CAMERA, ZONE + "seats = 40\n")


def parse(toml: str) -> tuple[Settings, tuple[str, ...]]:
    return config.parse(toml.encode(), "c.toml")


def fault(toml: str) -> CounterError:
    with pytest.raises(CounterError) as caught:
        parse(toml)
    assert "\n" not in caught.value.message + caught.value.hint
    return caught.value
