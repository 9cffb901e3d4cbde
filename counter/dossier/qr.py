"""The QR code to the longer notice, drawn into the page.

Rule: only an address that a traveller's telephone can open; none is better than one that leads
nowhere, so there is no default.
"""

from html import escape
from typing import Final
from urllib.parse import urlsplit

import segno

from counter.errors import ConfigError

MAX_LENGTH: Final = 120  # longer codes are too fine for a sheet that is read from a metre


def checked(url: str) -> str:
    """Give the address, or raise ConfigError for one that no telephone opens."""
    hint = "give the public address of the longer notice: https://www.example.org/counting"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError("--layer2-url: not an address of the web", hint)
    if len(url) > MAX_LENGTH:
        raise ConfigError(f"--layer2-url: longer than {MAX_LENGTH} characters", hint)
    if parts.username is not None or parts.password is not None:
        raise ConfigError("--layer2-url: a user name or password stands in the address", hint)
    return url


def drawing(url: str) -> str:
    """An SVG element. M: readable with 15 % of the sheet dirty or scratched."""
    code = segno.make(url, error="m", micro=False, boost_error=False)
    drawn = code.svg_inline(border=4, omitsize=True, svgclass="qr", lineclass=None)
    return drawn.replace("<svg", f'<svg role="img" aria-label="QR: {escape(url)}"', 1)
