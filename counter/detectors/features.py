"""What a model may not know of a person, told from what its file says and from what comes out.

Rule 1: a detector gives boxes and classes. A class that says who somebody is or of what kind, a
second output, or a column beyond boxes and classes is refused by name, although nothing here would
read it: what is computed is one change away from being used.
Rule 2: keypoints and outlines of bodies are `biometric`: they are the measures of gait.
Rule 3: what cannot be told apart is refused; columns without a name are held to be features.
Limit: names and shapes are looked at, not weights. A file that lies about its classes, or hides a
feature in a score, is not found out here; the registry's sha256 is what ties a model to its review.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from counter.detectors.yolo import Head
from counter.errors import ModelError, RefusedError
from counter.refusals import REFUSALS, known_by, refuse

MAX_NAMES: Final = 1 << 16  # characters of a list of classes; 80 of COCO have 1,100
HINT: Final = "register a model that finds persons and computes nothing else about them"
# How exporters name the parts of a plain detection when it is split up.
PLAIN: Final = re.compile(r"(num_?)?(dets?|detections?|boxes|bbox(es)?|scores?|labels?|class(es)?)")
TASKS: Final = {"pose": "biometric", "segment": "biometric"}  # of ultralytics; Rule 2


@dataclass(frozen=True, slots=True)
class Told:
    """What a model's file says of itself; an empty word or list where it says nothing."""

    classes: tuple[str, ...] = ()
    task: str = ""
    outputs: tuple[str, ...] = ("output0",)


def class_names(written: str) -> tuple[str, ...]:
    """Read the list of classes in an ONNX file's metadata, `{0: 'person', 1: 'car'}`."""
    try:
        names = ast.literal_eval(written[:MAX_NAMES])
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return (written,)  # judged as one text
    if isinstance(names, Mapping):
        names = list(names.values())
    return tuple(map(str, names)) if isinstance(names, Sequence) else (str(names),)


def refuse_told(model: str, told: Told) -> None:
    """Refuse a model for what its file says. Raises RefusedError, or ModelError for a plain
    detection in several outputs.
    """
    for number, known in enumerate(told.classes):
        if name := known_by(known):
            raise _refused(name, model, f"its class {number} is {known[:40]!r}")
    if name := TASKS.get(told.task):
        raise _refused(name, model, f"its task is {told.task!r}")
    if len(told.outputs) == 1:
        return
    names = [name for output in told.outputs if (name := known_by(output))]
    shown = ", ".join(output[:40] for output in told.outputs[:6])
    if not names and all(PLAIN.fullmatch(output.lower()) for output in told.outputs):
        raise ModelError(
            f"model {model}: it has the outputs {shown}, expected one with boxes and scores",
            "export it with one output: 'raw' or 'end-to-end' in models/registry.toml",
        )
    raise _refused((names or ["individual-tracking"])[0], model, f"its outputs are {shown}")


def refuse_columns(model: str, head: Head, shape: Sequence[int], told: Told) -> None:
    """Refuse an output that says more of a box than where, how sure and which class.

    The longer side are the boxes; where it is not, layout or size are wrong, not the model.
    """
    if len(shape) != 3:
        return
    raw = head.layout == "raw"
    columns, boxes = (shape[1], shape[2]) if raw else (shape[2], shape[1])
    plain = 4 + head.classes if raw else 6
    told_plain = raw and columns == 4 + len(told.classes)  # the registry's number is wrong
    if plain < columns < boxes and not told_plain:
        raise _refused(
            "individual-tracking",
            model,
            f"{columns - plain} columns a box beyond its place, score and"
            f" {head.classes} classes: features, or classes that the registry does not count",
        )


def refuse_channels(model: str, shape: Sequence[int]) -> None:
    """Refuse a map of more than one channel: how many are where needs one (Rule 3)."""
    if len(shape) == 4 and shape[1] > 1:
        raise _refused(
            "individual-tracking",
            model,
            f"{shape[1] - 1} channels beyond how many persons are where: features of them",
        )


def _refused(name: str, model: str, what: str) -> RefusedError:
    return refuse(name, f"model {model}: {what}; {REFUSALS[name].what}", HINT)
