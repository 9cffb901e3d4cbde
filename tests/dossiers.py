"""Configurations for the papers, plain and extreme, and the papers made of them."""

import re
from datetime import date
from hashlib import sha256

from counter import config
from counter.config import Loaded
from counter.dossier.evidence import Chronicle, Proof
from counter.dossier.facts import Facts, gather
from counter.dossier.pages import Evidence, Page, pages
from counter.guarantees import Guarantee

MADE = date(2026, 11, 23)
URL = "https://www.example.org/counting/market-square"
BOX = re.compile(r'<div class="space"[^>]*>')

CARRIAGE = """
site = "line-7"
device = "coach-3"
purpose = "passenger-information"
[cameras.door]
source = "rtsp://user:hidden-secret@camera.local/substream"
[zones.saloon]
camera = "door"
polygon = [[0.02, 0.25], [0.98, 0.25], [0.98, 0.98], [0.02, 0.98]]
seats = 40
standing_m2 = 10.0
[mqtt]
url = "mqtts://broker.example:8883"
"""
EVENT = """
site = "old-town"
device = "market-square"
purpose = "event-density"
stdout = true
[cameras.tower]
source = "/dev/video0"
[zones.stage]
camera = "tower"
polygon = [[0.05, 0.30], [0.50, 0.30], [0.50, 0.95], [0.05, 0.95]]
area_m2 = 120.5
"""
FOOTFALL = """
site = "library"
device = "main-door"
purpose = "footfall"
[cameras.door]
source = "rtsps://camera.local/stream"
[lines.entrance]
camera = "door"
points = [[0.10, 0.60], [0.90, 0.60]]
[prometheus]
port = 9465
"""
EVERYTHING_WAIVED = f"accept_weaker_sandbox = {[str(one) for one in Guarantee]}\n"
PURPOSES = {
    "passenger-information": CARRIAGE,
    "event-density": EVENT,
    "footfall": FOOTFALL,
}


def longest(source: str = "synthetic:platform") -> str:
    """The most that a configuration can put on the sheet: names, numbers, a trial."""
    head = f"""
site = "{"s" * 32}"
device = "{"d" * 32}"
purpose = "event-density"
interval_s = 14400
[disclosure]
threshold = 123456
rounding = 123456
[cameras.{"c" * 32}]
source = "{source}"
"""
    zone = """
[zones.{name}]
camera = "{camera}"
polygon = [[{x}, 0.1], [{to}, 0.1], [{to}, 0.9], [{x}, 0.9]]
seats = 999999
area_m2 = 99999.5
"""
    zones = (
        zone.format(name=f"{n:032d}", camera="c" * 32, x=n / 64, to=(n + 1) / 64) for n in range(64)
    )
    return head + "".join(zones)


def two_cameras(text: str = EVENT) -> str:
    return (
        text
        + """
[cameras.gate]
source = "/dev/video1"
[zones.gate]
camera = "gate"
polygon = [[0.05, 0.30], [0.50, 0.30], [0.50, 0.95], [0.05, 0.95]]
"""
    )


def filled(page: str, entry: str) -> str:
    """Type the same into every box, as a browser keeps it."""
    return BOX.sub(lambda found: found[0] + entry, page)


def loaded(text: str) -> Loaded:
    data = text.encode()
    settings, warnings = config.parse(data, "box.toml")
    return Loaded(settings, sha256(data).hexdigest(), warnings)


def facts_of(text: str) -> Facts:
    return gather(loaded(text), MADE)


def papers(
    text: str,
    *,
    chronicle: Chronicle | None = None,
    proof: Proof | None = None,
    layer2_url: str | None = None,
) -> dict[str, Page]:
    """Make every document, by the name of its file."""
    evidence = Evidence(chronicle or Chronicle(None), proof, layer2_url)
    return {page.name: page for page in pages(facts_of(text), evidence)}
