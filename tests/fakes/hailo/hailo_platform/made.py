"""HEFs of the tests' own: a real header, then a table that says which ONNX file to run.

With NMS (`nms`) the ONNX file gives one raw table, of which the boxes by class are made here. Raw
heads: it gives the maps themselves, (1, numbers, height, width) each, and `limits` says between
which numbers each of them was quantised; as a compiler does, by looking at pictures.
"""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HARDWARE = {"hailo8": 0, "hailo8l": 3, "hailo10h": 103}  # ProtoHEFHwArch
RUNS_ON = {"hailo8": (1,), "hailo8l": (2, 1), "hailo10h": (6, 3)}
DISTINCT = {0: 20, 1: 16, 2: 32, 3: 44}  # bytes of the header that its version has


@dataclass
class Hef:
    onnx: str
    hardware: str = "hailo8l"
    classes: int = 1
    most: int = 100  # boxes a class
    nms: str = "HAILO_NMS_BY_CLASS"  # "": raw heads
    limits: tuple[tuple[float, float], ...] = ()  # of raw heads, low and high of each
    bits: int = 8  # of raw heads
    on_chip: bool = False  # its NMS runs there: thresholds cannot be set

    @property
    def runs_on(self) -> tuple[int, ...]:
        return RUNS_ON[self.hardware]

    @classmethod
    def read(cls, path: str) -> "Hef | None":
        """Give None for what is no HEF."""
        data = Path(path).read_bytes()
        if data[:4] != b"\x01HEF":
            return None
        try:
            return cls(**json.loads(data[data.index(b"{") :]))
        except ValueError:
            return None


def write_hef(path: Path, hef: Hef, version: int = 3) -> Path:
    number = HARDWARE[hef.hardware]
    inner = b"" if number == 0 else bytes([0x08, number])  # protobuf leaves a zero out
    inner += bytes([0x10, 0x2A])  # the timestamp, field 2
    table = bytes([0x0A, len(inner)]) + inner
    head = b"\x01HEF" + version.to_bytes(4, "big") + len(table).to_bytes(4, "big")
    path.write_bytes(head + bytes(DISTINCT[version]) + table + json.dumps(asdict(hef)).encode())
    return path


@dataclass(frozen=True)
class Scale:
    """`hailo_quant_info_t`."""

    qp_zp: float
    qp_scale: float
    limvals_min: float
    limvals_max: float


def scale_of(low: float, high: float, bits: int) -> Scale:
    """Spread the whole numbers over `low` to `high`; zero is one of them."""
    low, high, most = min(low, 0.0), max(high, 1e-6), 2**bits - 1
    scale = (high - low) / most
    return Scale(float(round(-low / scale)), scale, low, high)


class Network:
    """The ONNX model behind a HEF: uint8 pixels in, boxes by class or maps out."""

    def __init__(self, hef: Hef) -> None:
        os.environ["ORT_DISABLE_TELEMETRY"] = "1"
        import onnxruntime  # type: ignore[import-untyped]

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.hef = hef
        self._session = onnxruntime.InferenceSession(hef.onnx, options)
        self._input = self._session.get_inputs()[0]
        self.height, self.width = (int(side) for side in self._input.shape[2:])

    @property
    def numbers(self) -> int:
        return self.hef.classes * (1 + 5 * self.hef.most)

    @property
    def maps(self) -> list[tuple[tuple[int, ...], Scale]]:
        """The shape and the scale of each raw head."""
        shapes = [output.shape[1:] for output in self._session.get_outputs()]
        scales = [scale_of(low, high, self.hef.bits) for low, high in self.hef.limits]
        return [
            ((rows, columns, numbers), scale)
            for (numbers, rows, columns), scale in zip(shapes, scales, strict=True)
        ]

    def look(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        planes = pixels.astype(np.float32).transpose(2, 0, 1)[None] / np.float32(255)
        given: list[NDArray[np.float32]] = self._session.run(None, {self._input.name: planes})
        return given

    def run(self, pixels: NDArray[np.uint8], score: float, iou: float) -> NDArray[np.float32]:
        return self._by_class(self.look(pixels)[0][0], score, iou)

    def run_maps(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.unsignedinteger]]:
        kind, most = (np.uint8, 255) if self.hef.bits == 8 else (np.uint16, 65535)
        return [
            np.clip(np.rint(given[0].transpose(1, 2, 0) / s.qp_scale + s.qp_zp), 0, most).astype(
                kind
            )
            for given, (_, s) in zip(self.look(pixels), self.maps, strict=True)
        ]

    def _by_class(
        self, table: NDArray[np.float32], score: float, iou: float
    ) -> NDArray[np.float32]:
        """(4 + classes, n) in pixels -> count, boxes, count, boxes ... as HailoRT lays them out."""
        out = np.zeros(self.numbers, np.float32)
        size = np.array((self.height, self.width) * 2, np.float32)
        at = 0
        for number in range(self.hef.classes):
            found = table[:, (table[4 + number] >= score) & (table[4:].argmax(0) == number)]
            x, y, half_width, half_height = found[0], found[1], found[2] / 2, found[3] / 2
            boxes = np.stack((y - half_height, x - half_width, y + half_height, x + half_width), 1)
            order = np.argsort(-found[4 + number], kind="stable")
            kept = _kept(boxes[order], iou)[: self.hef.most]
            rows = np.column_stack((boxes[order][kept] / size, found[4 + number][order][kept]))
            out[at] = len(rows)
            out[at + 1 : at + 1 + rows.size] = rows.ravel()
            at += 1 + rows.size
        return out


def _kept(boxes: NDArray[np.float32], iou: float) -> list[int]:
    """Greedy NMS, box by box: slow, plain, and not the counter's."""
    kept: list[int] = []
    for index, box in enumerate(boxes):
        if all(_overlap(box, boxes[other]) <= iou for other in kept):
            kept.append(index)
    return kept


def _overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = float(np.prod(np.clip(high - low, 0, None)))
    areas = [float(np.prod(box[2:] - box[:2])) for box in (one, other)]
    return shared / (sum(areas) - shared)
