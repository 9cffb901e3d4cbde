"""Make the encoded specimens of `counter prove`: `python docs/specimens.py`.

They show a corner of the marker (no person, no place) and lie in the package as data, because
nothing in `counter/` can encode a picture.
"""

from typing import Final

import cv2

from counter.prove.specimens import FILES, FOLDER, SEED, SIDE, SIZE
from counter.sources.synthetic.marker import draw_marker

WAYS: Final = (
    (cv2.IMREAD_COLOR, [cv2.IMWRITE_JPEG_QUALITY, 75]),
    (cv2.IMREAD_GRAYSCALE, [cv2.IMWRITE_JPEG_QUALITY, 30]),
    (cv2.IMREAD_COLOR, [cv2.IMWRITE_PNG_COMPRESSION, 9]),
    (cv2.IMREAD_COLOR, [cv2.IMWRITE_WEBP_QUALITY, 60]),
)


def main() -> None:
    corner = draw_marker(SEED, SIZE)[:SIDE, :SIDE]
    for name, (kind, options) in zip(FILES, WAYS, strict=True):
        grey = kind == cv2.IMREAD_GRAYSCALE
        picture = cv2.cvtColor(corner, cv2.COLOR_BGR2GRAY) if grey else corner
        cv2.imwrite(str(FOLDER / name), picture, options)


if __name__ == "__main__":
    main()
