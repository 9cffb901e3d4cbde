"""Writes the int8 TFLite file: litert-torch converts, ai-edge-quantizer makes it int8.

Rule 1: input (1, height, width, 3) and output (1, 5, n) are float32; what lies between is int8, but
for the decoding of boxes and scores: one int8 scale cannot hold both.
Rule 2: a range is the widest that any calibration picture gave. The quantiser's own moving mean
cuts off the surest scores, which few pictures have.
Rule 3: an environment of its own: requirements-tflite.txt.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from export import MOST_APART, model_of, settled, size_of
from numpy.typing import NDArray
from quantise import calibration

# Tensors of the decoding, by the names that the converter gives them.
IN_FLOAT = (".*Detect_23;.*", ".*DFL.*", ".*output_0.*")
INPUT = "args_0"
EPILOGUE = """example:
  python models/recipe/export_tflite.py --weights train/learnt.pt --scenes train/scenes \\
      --out models/counter-n-int8.tflite
"""
_ALIVE: list[torch.Tensor] = []


def keep_constants_apart() -> None:
    """Stop litert-torch 0.10 from taking one constant for another.

    It knows a constant by its address, and forgets it at once: the next one of the same shape may
    lie at the same address (google-ai-edge/litert-torch issue 1061). Here none is forgotten.
    """
    from litert_torch.backend import inline_consts

    mark = inline_consts._ConstantFingerprint  # noqa: SLF001 (the fault is in there)
    theirs = mark.from_tensor

    def from_tensor(tensor: torch.Tensor) -> Any:
        _ALIVE.append(tensor)
        return theirs(tensor)

    mark.from_tensor = staticmethod(from_tensor)


def convert(model: torch.nn.Module, picture: torch.Tensor, out: Path) -> None:
    import litert_torch

    keep_constants_apart()
    last = litert_torch.to_channel_last_io(model, args=[0]).eval()
    litert_torch.convert(last, (picture.permute(0, 2, 3, 1).contiguous(),)).export(str(out))


def run(path: Path, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    head: NDArray[np.float32] = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    return head


def ranges(quantiser: Any, tensors: list[NDArray[np.float32]]) -> dict[str, dict[str, Any]]:
    """The least and the largest value of each tensor over all pictures."""
    result: dict[str, dict[str, Any]] = {}
    for tensor in tensors:
        picture = np.ascontiguousarray(tensor.transpose(0, 2, 3, 1))
        for name, found in quantiser.calibrate({"serving_default": [{INPUT: picture}]}).items():
            held = result.setdefault(name, dict(found))
            held["min"] = np.minimum(held["min"], found["min"])
            held["max"] = np.maximum(held["max"], found["max"])
    return result


def quantise(source: Path, tensors: list[NDArray[np.float32]], out: Path) -> None:
    from ai_edge_quantizer import qtyping, quantizer, recipe

    quantiser = quantizer.Quantizer(str(source))
    quantiser.load_quantization_recipe(recipe.static_wi8_ai8())
    names, leave = qtyping.TFLOperationName, recipe.AlgorithmName.NO_QUANTIZE
    kept = [(".*", names.INPUT), (".*", names.OUTPUT)]
    kept += [(scope, names.ALL_SUPPORTED) for scope in IN_FLOAT]
    for scope, operation in kept:
        quantiser.update_quantization_recipe(scope, operation, algorithm_key=leave)
    result = quantiser.quantize(calibration_result=ranges(quantiser, tensors))
    result.export_model(str(out), overwrite=True)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--weights", type=Path, required=True, help="what learn.py wrote")
    parser.add_argument("--scenes", type=Path, required=True, help="folder that dataset.py wrote")
    parser.add_argument("--size", type=size_of, default=(640, 384), help="WIDTHxHEIGHT")
    parser.add_argument("--out", type=Path, required=True, help="TFLite file to write")
    chosen = parser.parse_args(arguments)
    model = model_of(chosen.weights)
    picture, expected = settled(model, chosen.size)
    with tempfile.TemporaryDirectory(dir=chosen.out.parent) as folder:
        wide = Path(folder) / "wide.tflite"
        convert(model, picture, wide)
        apart = np.abs(run(wide, picture.numpy().transpose(0, 2, 3, 1).copy()) - expected.numpy())
        if apart.max() > MOST_APART:
            print(f"export_tflite: error: {apart.max():.4f} from torch", file=sys.stderr)
            return 1
        quantise(wide, list(calibration(chosen.size, chosen.scenes)), chosen.out)
    print(f"{chosen.out}: {chosen.out.stat().st_size} bytes; in float {apart.max():.1e} from torch")
    return 0


if __name__ == "__main__":
    sys.exit(main())
