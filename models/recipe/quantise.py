"""Makes the int8 files from the float ONNX file: ONNX (onnxruntime) and OpenVINO (nncf).

Rule 1: ranges are measured on pictures that may be trained on, as the appliance prepares them.
Rule 2: the decoding of boxes and scores stays in float: one int8 scale cannot hold both.
"""

import argparse
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import onnx
from export import shorten
from numpy.typing import NDArray
from parent import shared_folder
from pictures import allowed
from scoring import letterbox

REAL, SCENES = 87, 60  # pictures that ranges are measured on
EPILOGUE = """example:
  python models/recipe/export.py --weights train/learnt.pt --wide --out train/wide.onnx
  python models/recipe/quantise.py train/wide.onnx --scenes train/scenes --to onnx \\
      --out models/counter-n-int8.onnx
  python models/recipe/quantise.py train/wide.onnx --scenes train/scenes --to openvino \\
      --out models/counter-n-openvino/counter-n.xml
"""


def calibration(size: tuple[int, int], scenes: Path) -> Iterator[NDArray[np.float32]]:
    """Input tensors of real pictures and rendered scenes."""
    folder = shared_folder() / "data/person/images"
    drawn = sorted(scenes.glob("train/images/*.jpg"))
    paths = [folder / name for name in allowed(shared_folder())[:REAL]]
    paths += drawn[:: max(1, len(drawn) // SCENES)][:SCENES]
    for path in paths:
        yield letterbox(cv2.imread(str(path)), size)[0]


def decoding(graph: onnx.GraphProto) -> list[str]:
    """Nodes after the last convolutions of the head: what turns raw numbers into boxes."""
    makers = {name: node for node in graph.node for name in node.output}
    reached, todo = set(), [graph.output[0].name]
    while todo:
        node = makers.get(todo.pop())
        if node is None or node.name in reached:
            continue
        dfl = node.op_type == "Conv" and "dfl" in node.name
        if node.op_type == "Conv" and not dfl:
            continue
        reached.add(node.name)
        todo += node.input
    return sorted(reached)


def to_onnx(source: Path, tensors: Iterator[NDArray[np.float32]], out: Path) -> None:
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            tensor = next(tensors, None)
            return None if tensor is None else {"images": tensor}

    with tempfile.TemporaryDirectory() as folder:
        ready = Path(folder) / "ready.onnx"
        quant_pre_process(source, ready, skip_symbolic_shape=True)
        quantize_static(
            ready,
            out,
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv"],
            nodes_to_exclude=decoding(onnx.load(ready).graph),
        )
    model = onnx.load(out)
    onnx.helper.set_model_props(
        model, {prop.key: prop.value for prop in onnx.load(source).metadata_props}
    )
    shorten(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, out)


def to_openvino(source: Path, tensors: Iterator[NDArray[np.float32]], out: Path) -> None:
    import nncf
    import openvino

    graph = onnx.load(source).graph
    model = openvino.convert_model(source)
    names = {operation.get_friendly_name() for operation in model.get_ops()}
    kept = [name for name in decoding(graph) if name in names]
    small = nncf.quantize(
        model,
        nncf.Dataset(list(tensors)),
        preset=nncf.QuantizationPreset.MIXED,
        ignored_scope=nncf.IgnoredScope(names=kept),
        subset_size=REAL + SCENES,
    )
    ends = [*small.inputs, *small.outputs]
    for number, operation in enumerate(small.get_ops()):  # names are half of the .xml
        if operation.get_type_name() not in ("Parameter", "Result"):
            operation.set_friendly_name(f"n{number}")
        for port in operation.outputs():
            if port.names and not any(port.names & end.names for end in ends):
                port.get_tensor().set_names(set())
    openvino.save_model(small, out, compress_to_fp16=True)
    text = re.sub(r">\s+<", "><", out.read_text(encoding="utf-8"))
    out.write_text(text, encoding="utf-8")


TARGETS = {"onnx": to_onnx, "openvino": to_openvino}


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, help="ONNX file that export.py --wide wrote")
    parser.add_argument("--to", choices=sorted(TARGETS), required=True)
    parser.add_argument("--scenes", type=Path, required=True, help="folder that dataset.py wrote")
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    if not chosen.source.is_file():
        print(f"quantise: error: {chosen.source}: no such file", file=sys.stderr)
        print("quantise: hint: write it with export.py --wide", file=sys.stderr)
        return 2
    shape = onnx.load(chosen.source).graph.input[0].type.tensor_type.shape.dim
    size = shape[3].dim_value, shape[2].dim_value
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    TARGETS[chosen.to](chosen.source, calibration(size, chosen.scenes), chosen.out)
    files = sorted(chosen.out.parent.glob(f"{chosen.out.stem}.*"))
    print(", ".join(f"{file}: {file.stat().st_size} bytes" for file in files))
    return 0


if __name__ == "__main__":
    sys.exit(main())
