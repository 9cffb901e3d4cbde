"""Teaches the pruned model: it imitates its parent on real pictures and learns rendered scenes.

Rule 1: the layers before the first pruned one stay the parent's: what they know of real pictures
cannot be forgotten, and they cost one pass for parent and child together.
Rule 2: averaged weights are written every WRITE_EVERY steps; a stop loses nothing else.
"""

import argparse
import math
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import offline_ultralytics
import torch
from lessons import Class, courses_of
from losses import FROZEN, Lesson, imitation, label_loss, walk
from parent import load, parent, shared_folder
from pictures import allowed, read

WRITE_EVERY = 25
WARM_UP = 30  # steps of rising rate
LAST_RATE = 0.02  # of the highest
EPILOGUE = """example:
  python models/recipe/learn.py --start train/pruned.pt --scenes train/scenes \\
      --minutes 40 --out train/learnt.pt
"""


def step(room: Class, lesson: Lesson, criterion: torch.nn.Module, weight: float) -> torch.Tensor:
    """The loss of one batch: its labels by weight, and its parent where it was heard."""
    with torch.autocast(room.device.type, dtype=torch.bfloat16):
        ours, layers = walk(room.child, None, lesson.base)
    loss = torch.zeros(())
    if weight:
        loss = weight * criterion.loss(ours, lesson.labels)[0].sum() / lesson.pictures
    if lesson.said is not None:
        loss = loss + imitation(ours, layers, lesson)
    loss.backward()
    return loss.detach()


def optimiser_of(child: torch.nn.Module) -> torch.optim.Optimizer:
    learnt = []
    for name, value in child.named_parameters():
        learns = int(name.split(".")[1]) >= FROZEN and "dfl" not in name
        value.requires_grad_(learns)
        if learns:
            learnt.append(value)
    matrices = [value for value in learnt if value.ndim > 1]
    biases = [value for value in learnt if value.ndim == 1]
    parts = [{"params": matrices, "weight_decay": 1e-4}, {"params": biases, "weight_decay": 0.0}]
    return torch.optim.AdamW(parts, betas=(0.9, 0.99))


def rate_at(number: int, done: float, highest: float) -> float:
    fall = LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * done))
    return highest * min(1.0, (number + 1) / WARM_UP) * fall


def write(path: Path, weights: dict[str, torch.Tensor], kept: dict[str, torch.Tensor]) -> None:
    draft = path.with_suffix(".part")
    torch.save({"weights": weights, "kept": kept}, draft)
    draft.replace(path)


def teach(room: Class, chosen: argparse.Namespace, kept: dict[str, torch.Tensor]) -> int:
    """Learn until the time is over; the number of steps."""
    optimiser, criterion = optimiser_of(room.child), label_loss(room.child)
    values = [value for part in optimiser.param_groups for value in part["params"]]
    mean = {name: value.detach().clone() for name, value in room.child.state_dict().items()}
    courses = courses_of(room, chosen)
    begun, number, seen = time.monotonic(), 0, []
    while (done := (time.monotonic() - begun) / 60 / chosen.minutes) < 1:
        for part in optimiser.param_groups:
            part["lr"] = rate_at(number, done, chosen.rate)
        optimiser.zero_grad()
        losses = []
        for course in courses:
            if number % course.every:
                losses.append(math.nan)
                continue
            new = course.pool.wants_new(room.rng)
            lesson = course.pool.put(course.make()) if new else course.pool.take(room.rng)
            losses.append(float(step(room, lesson, criterion, course.labels)))
        torch.nn.utils.clip_grad_norm_(values, 10.0)
        optimiser.step()
        number += 1
        keep = min(chosen.averaged, (1 + number) / (10 + number))
        with torch.no_grad():
            for name, value in room.child.state_dict().items():
                mean[name].lerp_(value, 1 - keep)
        seen.append(losses)
        if number % WRITE_EVERY == 0:
            write(chosen.out, mean, kept)
            told = np.round(np.nanmean(seen[-WRITE_EVERY:], 0), 3)
            print(f"step {number}, {done:.0%}: losses {told}", flush=True)
    write(chosen.out, mean, kept)
    return number


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--start", type=Path, required=True, help="weights of prune.py or of an earlier run")
    add("--out", type=Path, required=True, help="weights to write")
    add("--scenes", type=Path, nargs="*", default=[], help="folders that dataset.py wrote")
    add("--minutes", type=float, default=40.0)
    add("--rate", type=float, default=5e-4, help="highest learning rate (%(default)s)")
    add("--real-labels", type=float, default=0.3, help="weight of real labels beside imitation")
    add("--scene-labels", type=float, default=1.0, help="weight of rendered labels")
    add("--scenes-every", type=int, default=1, help="steps from one batch of scenes to the next")
    add("--fresh", type=float, default=0.35, help="share of steps with new pictures")
    add("--batch", type=int, default=6, help="pictures of 150,000 pixels (%(default)s)")
    add("--averaged", type=float, default=0.995, help="decay of the averaged weights")
    add("--device", default="cpu", help="cpu, or cuda")
    add("--threads", type=int, default=2, help="CPU threads")
    add("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    offline_ultralytics.start_with_settings()
    torch.set_num_threads(chosen.threads)
    cv2.setNumThreads(1)
    torch.manual_seed(chosen.seed)
    device = torch.device(chosen.device)
    shared = shared_folder()
    child, kept = load(chosen.start)
    people = shared / "data/person"
    room = Class(
        child.to(device, memory_format=torch.channels_last).train(),
        parent().to(device, memory_format=torch.channels_last),
        kept["22"],
        device,
        chosen.batch,
        [read(people / "images" / name, people / "labels") for name in allowed(shared)],
        [p for folder in chosen.scenes for p in sorted(folder.glob("train/images/*.jpg"))],
        np.random.default_rng(chosen.seed),
    )
    print(f"learn: {len(room.real)} real pictures, {len(room.scenes)} rendered ones", flush=True)
    try:
        steps = teach(room, chosen, kept)
    except KeyboardInterrupt:
        print(f"\nlearn: stopped; {chosen.out} holds what was learnt", file=sys.stderr)
        return 130
    print(f"learn: done, {steps} steps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
