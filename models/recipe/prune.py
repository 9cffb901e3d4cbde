"""Takes channels out of YOLO11n: first which, by what they do, then how the rest makes up for them.

Rule 1: a channel matters as far as a person's score or box moves when it goes (gradient times
activation, over random mixtures of the outputs), not as far as its weights are large.
Rule 2: each convolution that lost inputs is solved again, by least squares with the inputs it has
left, for what it said before; layer by layer, so that each makes up for the ones before it.
Rule 3: no labels are needed, only pictures that may be used.
"""

import argparse
import copy
import sys
from pathlib import Path

import numpy as np
import torch
from groups import conv_of, cut, groups, masks
from losses import walk
from parent import parent, shared_folder
from pictures import Sample, allowed, colour, compose, read
from torch import nn
from torch.nn import functional

SCENES_EVERY = 40  # of the rendered pictures, one in so many is looked at
MIXTURES = 2  # random mixtures of the outputs, a batch
SURE = 0.05  # score from which a box matters
ROWS = 600  # places of a picture that least squares looks at
RIDGE = 0.02  # how strongly the old weights are kept, of the mean square of an input
EPILOGUE = "example: python models/recipe/prune.py --scenes train/scenes --out train/pruned.pt"

Batch = torch.Tensor
Kept = dict[str, torch.Tensor]
Stay = tuple[torch.Tensor, torch.Tensor]  # inputs and outputs of a convolution that stay


def batches(scenes: Path) -> list[Batch]:
    """Real pictures alone and four together, and rendered scenes; about 170 in all."""
    rng = np.random.default_rng(0)
    folder = shared_folder() / "data/person"
    real = [read(folder / "images" / n, folder / "labels") for n in allowed(shared_folder())]
    paths = sorted(scenes.glob("train/images/*.jpg"))[::SCENES_EVERY]
    drawn = [read(path, path.parents[1] / "labels") for path in paths]
    plan = [(real, (416, 416), True)] * 10 + [(real, (416, 416), False)] * 6
    plan += [(drawn, (448, 256), True)] * 6
    return [batch(source, size, alone, rng) for source, size, alone in plan]


def batch(
    source: list[Sample], size: tuple[int, int], alone: bool, rng: np.random.Generator
) -> Batch:
    made = [compose(source, size, rng, (0.6, 1.3), alone).picture for _ in range(8)]
    pixels = np.stack([colour(picture, rng) for picture in made])[..., ::-1]
    return torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy()).float() / 255


def mixture(model: nn.Module, pixels: Batch, chance: torch.Generator) -> torch.Tensor:
    """One random mixture of what matters in the outputs: unsure scores, boxes of the seen."""
    said, _ = walk(model, pixels, [])
    likely = said["scores"].detach().sigmoid()
    weight = (likely * (1 - likely) * 4).sqrt() + 0.02
    scores = said["scores"] * weight * torch.randn(weight.shape, generator=chance)
    seen = 0.25 * likely.sqrt() * (likely > SURE)
    boxes = said["boxes"] * seen * torch.randn(said["boxes"].shape, generator=chance)
    return scores.sum() + boxes.sum()


def importance(model: nn.Module, shown: list[Batch]) -> Kept:
    """Of each group's channels: the mean square of how far the outputs move without it."""
    heard: dict[str, torch.Tensor] = {}

    def listen(name: str) -> torch.utils.hooks.RemovableHandle:
        def hook(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
            output.retain_grad()
            heard[name] = output

        return model.get_submodule(name).register_forward_hook(hook)

    makers = {name for group in groups() for name, _ in group.makers}
    hooks = [listen(name) for name in sorted(makers)]
    result = {group.name: torch.zeros(group.size) for group in groups()}
    chance = torch.Generator().manual_seed(0)
    for pixels in shown:
        for _ in range(MIXTURES):
            mixture(model, pixels.requires_grad_(True), chance).backward()
            for group in groups():
                moved = sum(
                    (heard[name] * heard[name].grad).flatten(2).sum(2)[:, at : at + group.size]
                    for name, at in group.makers
                )
                result[group.name] += moved.square().sum(0).detach()
    for hook in hooks:
        hook.remove()
    return result


def solved(inputs: torch.Tensor, wanted: torch.Tensor, old: torch.Tensor) -> torch.Tensor:
    """Least squares with a ridge towards the old weights; the last column is the bias."""
    inputs = torch.cat([inputs, torch.ones(len(inputs), 1)], 1)
    square, cross = inputs.T @ inputs / len(inputs), wanted.T @ inputs / len(inputs)
    ridge = torch.eye(len(square)) * (RIDGE * square.diagonal()[:-1].mean())
    ridge[-1, -1] = 1e-6
    return torch.linalg.solve(square + ridge, (cross + old @ ridge).T).T


def pairs_of(
    conv: nn.Conv2d, heard: torch.Tensor, wanted: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """What a convolution reads at some places, and what it should say there."""
    size = conv.kernel_size[0]
    reads = functional.unfold(heard, size, padding=conv.padding, stride=conv.stride)
    said = wanted.flatten(2)
    if reads.shape[2] > ROWS:
        some = torch.randperm(reads.shape[2])[:ROWS]
        reads, said = reads[..., some], said[..., some]
    return reads.transpose(1, 2).flatten(0, 1), said.transpose(1, 2).flatten(0, 1)


def answers(teacher: nn.Module, names: list[str], shown: list[Batch]) -> list[dict[str, Batch]]:
    """What the parent's convolutions say about each batch."""
    result: list[dict[str, Batch]] = []
    hooks = [
        conv_of(teacher, name).register_forward_hook(
            lambda _m, _i, output, name=name: result[-1].__setitem__(name, output)
        )
        for name in names
    ]
    for pixels in shown:
        result.append({})
        walk(teacher, pixels, [])
    for hook in hooks:
        hook.remove()
    return result


def make_up(
    conv: nn.Conv2d, before: nn.Conv2d, stay: Stay, pairs: list[tuple[Batch, Batch]]
) -> None:
    """Give a convolution the weights that serve best with the inputs it has left."""
    inputs, outputs = stay
    reads, wanted = (torch.cat(part) for part in zip(*pairs, strict=True))
    old = torch.cat([before.weight[:, inputs].flatten(1), before.bias[:, None]], 1)
    new = solved(reads, wanted, old)
    conv.weight.zero_()
    conv.weight[:, inputs] = new[:, :-1].reshape(len(new), int(inputs.sum()), *conv.kernel_size)
    conv.bias.copy_(new[:, -1])
    conv.weight[~outputs], conv.bias[~outputs] = 0, 0


@torch.no_grad()
def reconstruct(child: nn.Module, teacher: nn.Module, kept: Kept, shown: list[Batch]) -> None:
    """Silence the lost channels, then solve their readers again in the order they run."""
    stay = masks(child, kept)
    for name, (_, outputs) in stay.items():
        conv = conv_of(child, name)
        conv.weight[~outputs], conv.bias[~outputs] = 0, 0
    dense = [n for n, _ in child.named_modules() if n in stay and conv_of(child, n).groups == 1]
    readers = [name for name in dense if not stay[name][0].all()]
    wanted = answers(teacher, readers, shown)
    layers: list[list[Batch]] = [[] for _ in shown]
    for at, module in enumerate(child.model):
        inputs = [
            inputs_of(module, pixels, before) for pixels, before in zip(shown, layers, strict=True)
        ]
        for name in (name for name in readers if f"{name}.".startswith(f"model.{at}.")):
            conv, pairs, heard = conv_of(child, name), [], []
            hook = conv.register_forward_hook(
                lambda _m, read, _o, heard=heard: heard.append(read[0])
            )
            for batch_input, answer in zip(inputs, wanted, strict=True):
                module(batch_input)
                pairs.append(pairs_of(conv, heard.pop()[:, stay[name][0]], answer[name]))
            hook.remove()
            make_up(conv, conv_of(teacher, name), stay[name], pairs)
        for batch_input, before in zip(inputs, layers, strict=True):
            before.append(module(batch_input))
        print(f"prune: layer {at} of {len(child.model) - 1}", flush=True)
    cut(child, kept)


def inputs_of(module: nn.Module, pixels: Batch, before: list[Batch]) -> object:
    """What a layer reads: the picture, the layer before it, or several layers."""
    if not before:
        return pixels
    if module.f == -1:
        return before[-1]
    return [before[at] for at in module.f]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--scenes", type=Path, required=True, help="folder that dataset.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="weights to write")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(chosen.threads)
    torch.manual_seed(0)
    teacher = parent()
    shown = batches(chosen.scenes)
    moved = importance(teacher, shown[::2])
    kept = {g.name: moved[g.name].topk(g.keep).indices.sort().values for g in groups()}
    child = copy.deepcopy(teacher)
    reconstruct(child, teacher, kept, shown[::3])
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"weights": child.state_dict(), "kept": kept}, chosen.out)
    count = sum(value.numel() for value in child.parameters())
    print(f"prune: {count} parameters are left of {sum(v.numel() for v in teacher.parameters())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
