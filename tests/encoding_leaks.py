"""Leaks of encoded pictures, for `counter prove` to catch. The package cannot encode; tests can.

Started like `counter.prove.leaky`, with three more leaks.
"""

import base64
import logging
import sys
from pathlib import Path
from typing import Any

import cv2

from counter.prove import leaky


def encoded(scene: leaky.Scene, kind: str) -> bytes:
    done, data = cv2.imencode(kind, scene.pixels)
    assert done
    return data.tobytes()


def jpeg_file(scene: leaky.Scene) -> None:
    Path("leak.jpg").write_bytes(encoded(scene, ".jpg"))


def png_log(scene: leaky.Scene) -> None:
    small: Any = cv2.resize(scene.pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    text = base64.b64encode(cv2.imencode(".png", small)[1].tobytes()).decode()
    logging.getLogger("counter.leak").warning("%s", text)


def jpeg_topic(scene: leaky.Scene) -> None:
    leaky.say(scene, encoded(scene, ".jpg"))


ENCODED = {"jpeg-file": jpeg_file, "png-log": png_log, "jpeg-topic": jpeg_topic}

if __name__ == "__main__":
    leaky.LEAKS.update(ENCODED)
    leaky.main(sys.argv[1:])
