"""What the pruned model is asked for: what its parent says, and what the labels say.

Rule 1: imitation needs no labels, so every picture that may be used serves.
Rule 2: a cell's box is imitated only where the parent sees somebody.
Rule 3: layers below FROZEN are the parent's own, so they run once for both.
"""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pictures import Sample
from torch.nn import functional

FROZEN = 7  # the first layer that is pruned and learns
READ_LATER = (4, 6)  # of the frozen layers, those that later ones read
IMITATED = (13, 16, 19, 22)  # ends of the neck's blocks
SEEN = 0.03  # the parent's score from which a cell's box is imitated
BINS = 16
SCORE = 2.0  # of scores beside boxes and features: they decide who is found
GAINS = SimpleNamespace(box=7.5, cls=0.5, dfl=1.5)  # ultralytics' defaults

Outputs = dict[str, Any]  # "boxes" (b, 64, n), "scores" (b, 1, n), "feats": raw, before decoding
Layers = list[torch.Tensor | None]


@dataclass(frozen=True)
class Lesson:
    """A batch that is ready to learn from, kept to be used again."""

    pictures: int
    base: Layers  # outputs of the frozen layers
    labels: dict[str, torch.Tensor]
    said: Outputs | None  # by the parent; none for rendered scenes
    felt: dict[int, torch.Tensor]  # the parent's features


def walk(
    model: torch.nn.Module, pixels: torch.Tensor | None, base: Layers
) -> tuple[Outputs, Layers]:
    """Raw outputs and all layers' outputs; layers that `base` has are not run."""
    layers, detect = list(base), model.model[-1]
    x: Any = layers[-1] if layers else pixels
    for module in model.model[len(layers) : -1]:
        if module.f != -1:
            x = [x if at == -1 else layers[at] for at in module.f]
        x = module(x)
        layers.append(x)
    ends = [layers[at] for at in detect.f]
    parts = {"boxes": detect.cv2, "scores": detect.cv3}
    raw: Outputs = {
        name: torch.cat([b(f).flatten(2) for b, f in zip(branch, ends, strict=True)], 2).float()
        for name, branch in parts.items()
    }
    return raw | {"feats": ends}, layers


def frozen(model: torch.nn.Module, pixels: torch.Tensor) -> Layers:
    layers: Layers = []
    for module in model.model[:FROZEN]:
        pixels = module(pixels)
        layers.append(pixels)
    return layers


def imitation(ours: Outputs, layers: Layers, lesson: Lesson) -> torch.Tensor:
    """How far scores, boxes and features are from the parent's; 0 is the same."""
    if lesson.said is None:
        raise ValueError("the parent was not asked about this batch")
    theirs = lesson.said["scores"].float()
    chance = theirs.sigmoid()
    crossed = functional.binary_cross_entropy_with_logits
    score = crossed(ours["scores"], chance, reduction="none")
    score = (score - crossed(theirs, chance, reduction="none")).sum() / chance.sum().clamp(min=1)
    weight = (chance * (chance > SEEN))[:, 0]
    shape = (len(chance), 4, BINS, -1)
    one = ours["boxes"].view(shape).log_softmax(2)
    two = lesson.said["boxes"].float().view(shape).log_softmax(2)
    apart = (two.exp() * (two - one)).sum((1, 2))
    box = (apart * weight).sum() / weight.sum().clamp(min=1)
    feature = sum(
        (layers[at].float() - felt.float()).square().mean()
        / felt.float().square().mean().clamp(min=1e-6)
        for at, felt in lesson.felt.items()
    )
    return SCORE * score + box + feature


def tensors(samples: list[Sample]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
    """Pictures as R G B 0..1, and labels as ultralytics' loss reads them."""
    pixels = np.stack([sample.picture for sample in samples])[..., ::-1].transpose(0, 3, 1, 2)
    height, width = samples[0].picture.shape[:2]
    rows: list[NDArray[np.float32]] = []
    for number, sample in enumerate(samples):
        box = sample.xyxy / np.array([width, height, width, height], np.float32)
        lead = np.zeros((len(box), 2), np.float32)
        lead[:, 0] = number
        rows.append(
            np.concatenate([lead, (box[:, :2] + box[:, 2:]) / 2, box[:, 2:] - box[:, :2]], 1)
        )
    table = torch.from_numpy(np.concatenate(rows).astype(np.float32))
    tensor = torch.from_numpy(pixels.copy()).float().div_(255)
    labels = {"batch_idx": table[:, 0], "cls": table[:, 1:2], "bboxes": table[:, 2:]}
    return tensor.contiguous(memory_format=torch.channels_last), labels


def label_loss(model: torch.nn.Module) -> Any:
    """Ultralytics' detection loss for this model."""
    from ultralytics.utils.loss import v8DetectionLoss

    model.args = GAINS
    return v8DetectionLoss(model)
