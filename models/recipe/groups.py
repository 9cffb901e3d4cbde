"""Which channels of YOLO11n hang together, and how a model loses some of them.

Rule 1: a group is a set of channels that stay or go as one: the convolutions that make them, the
depthwise ones that carry them on, those that read them. The table is the whole truth about it.
Rule 2: SiLU(0) is 0, so a channel whose maker has zero weights and bias is the same as none.
Rule 3: a model's shape can be read from its weights alone: `shaped` rebuilds it.
"""

from dataclasses import dataclass

import torch
from torch import nn

Slot = tuple[str, int]  # a convolution and the first of the group's channels in it


@dataclass(frozen=True)
class Group:
    name: str
    size: int
    keep: int
    makers: tuple[Slot, ...]
    readers: tuple[Slot, ...]
    carriers: tuple[str, ...] = ()  # depthwise


def c3k2(layer: int, half: int, keep: tuple[int, int, int]) -> list[Group]:
    """The groups inside a C3k2 with a C3k: its three parts, and the two bottlenecks within."""
    n, m = f"model.{layer}", f"model.{layer}.m.0"
    k, inner, hidden = keep
    i = half // 2
    return [
        Group(f"{layer}a", half, k, ((f"{n}.cv1", 0),), ((f"{n}.cv2", 0),)),
        Group(
            f"{layer}b",
            half,
            k,
            ((f"{n}.cv1", half),),
            ((f"{n}.cv2", half), (f"{m}.cv1", 0), (f"{m}.cv2", 0)),
        ),
        Group(f"{layer}m", half, k, ((f"{m}.cv3", 0),), ((f"{n}.cv2", 2 * half),)),
        Group(
            f"{layer}r",
            i,
            inner,
            ((f"{m}.cv1", 0), (f"{m}.m.0.cv2", 0), (f"{m}.m.1.cv2", 0)),
            ((f"{m}.m.0.cv1", 0), (f"{m}.m.1.cv1", 0), (f"{m}.cv3", 0)),
        ),
        Group(f"{layer}s", i, inner, ((f"{m}.cv2", 0),), ((f"{m}.cv3", i),)),
        Group(f"{layer}h0", i, hidden, ((f"{m}.m.0.cv1", 0),), ((f"{m}.m.0.cv2", 0),)),
        Group(f"{layer}h1", i, hidden, ((f"{m}.m.1.cv1", 0),), ((f"{m}.m.1.cv2", 0),)),
    ]


def head(level: int, box: int, score: int) -> list[Group]:
    b, s = f"model.23.cv2.{level}", f"model.23.cv3.{level}"
    return [
        Group(f"box{level}0", 64, box, ((f"{b}.0", 0),), ((f"{b}.1", 0),)),
        Group(f"box{level}1", 64, box, ((f"{b}.1", 0),), ((f"{b}.2", 0),)),
        Group(f"score{level}0", 80, score, ((f"{s}.0.1", 0),), ((f"{s}.1.1", 0),), (f"{s}.1.0",)),
        Group(f"score{level}1", 80, score, ((f"{s}.1.1", 0),), ((f"{s}.2", 0),)),
    ]


def groups() -> list[Group]:
    a = "model.10"
    f = f"{a}.m.0"
    d = "model.23"
    return [
        Group("7", 256, 128, (("model.7", 0),), (("model.8.cv1", 0),)),
        *c3k2(8, 128, (80, 48, 28)),
        Group("8", 256, 144, (("model.8.cv2", 0),), (("model.9.cv1", 0),)),
        Group(
            "9i", 128, 80, (("model.9.cv1", 0),), tuple(("model.9.cv2", 128 * i) for i in range(4))
        ),
        Group("9", 256, 128, (("model.9.cv2", 0),), (("model.10.cv1", 0),)),
        Group("10f", 256, 128, ((f"{f}.ffn.0", 0),), ((f"{f}.ffn.1", 0),)),
        Group("10", 256, 128, ((f"{a}.cv2", 0),), (("model.13.cv1", 0), ("model.22.cv1", 128))),
        Group("20", 128, 96, (("model.20", 0),), (("model.22.cv1", 0),)),
        *c3k2(22, 128, (72, 48, 28)),
        Group(
            "22",
            256,
            112,
            (("model.22.cv2", 0),),
            ((f"{d}.cv2.2.0", 0), (f"{d}.cv3.2.0.1", 0)),
            (f"{d}.cv3.2.0.0",),
        ),
        *head(0, 56, 40),
        *head(1, 48, 40),
        *head(2, 48, 40),
    ]


def conv_of(model: nn.Module, name: str) -> nn.Conv2d:
    module = model.get_submodule(name)
    return module if isinstance(module, nn.Conv2d) else module.conv


def masks(
    model: nn.Module, kept: dict[str, torch.Tensor]
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """For each convolution that changes: which inputs and which outputs stay."""
    result: dict[str, list[torch.Tensor]] = {}

    def of(name: str) -> list[torch.Tensor]:
        if name not in result:
            conv = conv_of(model, name)
            result[name] = [
                torch.ones(conv.in_channels, dtype=torch.bool),
                torch.ones(conv.out_channels, dtype=torch.bool),
            ]
        return result[name]

    for group in groups():
        stay = torch.zeros(group.size, dtype=torch.bool)
        stay[kept[group.name]] = True
        for name, at in group.makers:
            of(name)[1][at : at + group.size] = stay
        for name, at in group.readers:
            of(name)[0][at : at + group.size] = stay
        for name in group.carriers:
            of(name)[0][:], of(name)[1][:] = stay, stay
    return {name: (one, two) for name, (one, two) in result.items()}


def cut(model: nn.Module, kept: dict[str, torch.Tensor]) -> None:
    """Take the channels out."""
    for name, (inputs, outputs) in masks(model, kept).items():
        conv = conv_of(model, name)
        weight = conv.weight.data[outputs]
        if conv.groups == 1:
            weight = weight[:, inputs]
        resize(conv, weight.contiguous(), conv.bias.data[outputs].contiguous())
    settle(model)


def resize(conv: nn.Conv2d, weight: torch.Tensor, bias: torch.Tensor) -> None:
    depthwise = conv.groups > 1
    conv.out_channels, conv.in_channels = len(weight), len(weight) if depthwise else weight.shape[1]
    conv.groups = len(weight) if depthwise else 1
    conv.weight, conv.bias = nn.Parameter(weight), nn.Parameter(bias)


def settle(model: nn.Module) -> None:
    """Blocks that split their first half off remember its width."""
    block = model.model[10]
    block.c = block.cv1.conv.out_channels // 2
    detect = model.model[23]
    if detect.cv3[0][2].out_channels == 1:
        detect.nc, detect.no, model.nc = 1, 1 + 4 * detect.reg_max, 1
        model.names = {0: "person"}


def one_class(model: nn.Module) -> None:
    """Keep the score of class 0, person."""
    for branch in model.model[23].cv3:
        resize(branch[2], branch[2].weight.data[:1].clone(), branch[2].bias.data[:1].clone())
    settle(model)


def shaped(model: nn.Module, weights: dict[str, torch.Tensor]) -> nn.Module:
    """Give a fused YOLO11n the shapes and values of these weights."""
    for name, module in model.named_modules():
        if (
            isinstance(module, nn.Conv2d)
            and f"{name}.weight" in weights
            and module.bias is not None
        ):
            resize(module, weights[f"{name}.weight"].clone(), weights[f"{name}.bias"].clone())
    settle(model)
    model.load_state_dict(weights)
    return model
