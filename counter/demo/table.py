"""The demo's table, drawn from what came back over MQTT: nothing in it was not published.

A level is a word and a bar, never a colour alone (WCAG 1.4.1). A saturated number has a plus sign:
there are at least so many.
"""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

BAR = 12  # characters of a full bar
STYLES = {
    "EMPTY": "green",
    "MANY_SEATS_AVAILABLE": "green",
    "FEW_SEATS_AVAILABLE": "yellow",
    "STANDING_ROOM_ONLY": "yellow",
    "CRUSHED_STANDING_ROOM_ONLY": "red",
    "FULL": "red",
}


@dataclass(slots=True)
class Board:
    """The last release of every cell, by topic."""

    title: str
    counts: dict[str, dict[str, Any]] = field(default_factory=dict)
    releases: int = 0

    def take(self, topic: str, payload: dict[str, Any]) -> bool:
        """Take one message, and tell whether it was new: one that comes twice is one release."""
        known = self.counts.get(topic)
        new = known is None or known["sequence"] < payload["sequence"]
        if new:
            self.counts[topic] = payload
            self.releases += 1
        return new

    def draw(self) -> RenderableType:
        table = Table(title=self.title, title_justify="left", expand=False)
        for heading in ("cell", "persons", "fill", "level", "interval (UTC)"):
            table.add_column(heading)
        for topic in sorted(self.counts):
            table.add_row(*_row(self.counts[topic]))
        if not self.counts:
            return Group(table, Text("waiting for the first interval to close ...", style="dim"))
        return table


def _row(count: dict[str, Any]) -> tuple[RenderableType, ...]:
    style = STYLES.get(count["level"], "dim")
    times = f"{count['interval_start'][11:19]} to {count['interval_end'][11:19]}"
    return (
        f"{count['name']} {count['measure']}",
        Text(_persons(count), justify="right", style="bold"),
        Text(_bar(count["fill_percent"]), style=style),
        Text(_level(count), style=style),
        times,
    )


def _persons(count: dict[str, Any]) -> str:
    if count["status"] == "published":
        return str(count["value"]) + ("+" if count["quality"] == "saturated" else "")
    if count["status"] == "suppressed":
        return f"<{count['less_than']}" if count["less_than"] else "few"
    return "no data"


def _level(count: dict[str, Any]) -> str:
    return (count["level"] or "").replace("_", " ").lower()


def _bar(percent: int | None) -> str:
    if percent is None:
        return "·" * BAR
    full = min(BAR, round(percent * BAR / 100))
    return "█" * full + "░" * (BAR - full) + f" {percent:3d} %"


def line(count: dict[str, Any]) -> str:
    """Say one count in a line of text."""
    end = count["interval_end"][11:19]
    return (
        f"{end}  {count['name']} {count['measure']}  {_persons(count):>7}  {_level(count)}".rstrip()
    )


def plain(board: Board, width: int = 120) -> str:
    """Draw the table as text, for a terminal that is none."""
    console = Console(width=width, no_color=True, force_terminal=False)
    with console.capture() as capture:
        console.print(board.draw())
    return capture.get()
