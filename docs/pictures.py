"""Draw the pictures of README: `python docs/pictures.py` writes docs/scene.png and docs/demo.svg.

The people are drawn and the table is what a demo run published. This file is no part of the
package: nothing in `counter/` can write a picture.
"""

import io
import re
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from rich.console import Console

from counter.assemble import appliance
from counter.demo.broker import embedded_broker
from counter.demo.place import prepared
from counter.demo.request import Request
from counter.demo.scenes import DEMO_PEOPLE, DEMO_ZONES
from counter.demo.subscriber import listening
from counter.demo.table import Board
from counter.sources.synthetic import Scene
from counter.start import unrestrained

HERE = Path(__file__).parent
PLACE: Final = "platform"
SECONDS, SIZE = 120, (960, 540)
COLOURS = ((80, 200, 250), (120, 220, 120), (250, 160, 120), (220, 120, 220))  # B, G, R


def main() -> None:
    scene()
    table()


def scene() -> None:
    """Draw the scene with its zones."""
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    drawn = Scene(kind=PLACE, seed=7, size=SIZE, fps=10.0, people=DEMO_PEOPLE[PLACE])
    for _ in range(120):
        drawn.render(picture)
    over = picture.copy()
    for colour, (name, polygon) in zip(COLOURS, DEMO_ZONES[PLACE].items(), strict=False):
        corners = (np.array(polygon) * SIZE).astype(np.int32)
        cv2.fillPoly(over, [corners], colour)
        cv2.polylines(picture, [corners], isClosed=True, color=colour, thickness=2)
        middle = corners.mean(axis=0).astype(int)
        cv2.putText(picture, name, tuple(middle), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (255, 255, 255), 2)
    cv2.imwrite(str(HERE / "scene.png"), cv2.addWeighted(over, 0.25, picture, 0.75, 0))


def table() -> None:
    """Run the demo and keep its last table."""
    place = prepared(Request(scene=PLACE, seconds=SECONDS))
    with ExitStack() as opened:
        opened.enter_context(embedded_broker(*place.own_ports))
        machine = opened.enter_context(appliance(place.loaded, start=unrestrained(place.loaded)))
        board = Board(title="what everybody may know")
        sensor_id = place.loaded.settings.sensor_id
        opened.enter_context(listening(place.broker, sensor_id, board.take))
        machine.run(lambda: machine.engine.now_ns / 1e9 >= SECONDS)
    console = Console(record=True, width=112, file=io.StringIO())
    console.print("$ counter demo --scene platform")
    console.print(board.draw())
    drawn = console.export_svg(title="counter")
    # The reader's own fixed-width font will do: a picture of ours fetches nothing.
    (HERE / "demo.svg").write_text(re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL))


if __name__ == "__main__":
    main()
