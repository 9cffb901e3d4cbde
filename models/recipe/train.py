"""Trains counter-n with the ultralytics trainer, from random weights, in stages.

Rule 1: no foreign weights enter the model. `--teacher` makes it imitate the features of a public
YOLO11n while it trains (distillation); `--from` goes on from weights of this recipe's own.
Rule 2: a checkpoint is written after every epoch, so that a run can be stopped at any time and
either resumed (`--resume`) or exported as it is.
Rule 3: the same command runs on two CPU cores and on a GPU; only `--device` differs.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import offline_ultralytics
import torch
from architecture import write_definition

BATCH = 16
LEAST_LEFT = 0.3  # of a person's height; less is not a person to be found
EPILOGUE = """example, in two stages:
  python models/recipe/train.py --data train/data/data.yaml --run train/runs/a --epochs 20 \\
      --teacher train/teacher.pt
  python models/recipe/train.py --data train/data/data.yaml --run train/runs/b --epochs 5 \\
      --from train/runs/a/weights/last.pt --rate 0.0005
goes on after a stop (give --strip again if the stage had it):
  python models/recipe/train.py --run train/runs/a --resume
"""

# One optimiser step a batch (`nbs` is the nominal batch): a short run needs many steps.
# No rotation: cameras are mounted level. Colour moves as ultralytics' default.
FIXED: dict[str, Any] = {
    "batch": BATCH,
    "nbs": BATCH,
    "momentum": 0.9,
    "weight_decay": 0.0005,
    "cos_lr": True,
    "lrf": 0.05,
    "warmup_bias_lr": 0.0,
    "translate": 0.15,
    "patience": 0,
    "plots": False,
    "cache": "ram",
    "deterministic": False,
    "pretrained": False,
    "exist_ok": True,
}


def trainer_class() -> type:
    """The ultralytics trainer, with what a CPU needs to be fast and with weights from `--from`."""
    from ultralytics.engine import trainer as engine
    from ultralytics.models.yolo.detect import DetectionTrainer

    theirs = engine.autocast

    def autocast(enabled: Any, device: str = "cuda") -> Any:
        if device == "cpu":  # theirs knows bfloat16 on a GPU only
            return torch.autocast("cpu", dtype=torch.bfloat16)
        return theirs(enabled, device=device)

    engine.autocast = autocast

    class Trainer(DetectionTrainer):
        start_from: Path | None = None
        strip_height = 0  # of wide pictures; 0 is the whole square

        def get_model(self, cfg: Any = None, weights: Any = None, verbose: bool = True) -> Any:
            model = super().get_model(cfg, weights, verbose)
            if self.start_from is not None and weights is None:
                model.load_state_dict(own_weights(self.start_from))
            return model

        def set_model_attributes(self) -> None:
            super().set_model_attributes()
            if self.device.type == "cpu":  # a third faster with bfloat16 on two cores
                self.model = self.model.to(memory_format=torch.channels_last)

        def preprocess_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
            batch = super().preprocess_batch(batch)
            if self.strip_height:
                keep_strip(batch, self.strip_height)
            batch["img"] = batch["img"].contiguous(memory_format=torch.channels_last)
            return batch

    return Trainer


def own_weights(path: Path) -> dict[str, torch.Tensor]:
    """The averaged weights of a checkpoint of this recipe, without the teacher's helpers."""
    from ultralytics.nn.tasks import torch_safe_load

    checkpoint = torch_safe_load(str(path))[0]
    model = checkpoint["ema"] or checkpoint["model"]  # a finished run keeps the second only
    model = getattr(model, "student_model", model)
    return {name: value.float() for name, value in model.state_dict().items()}


def keep_strip(batch: dict[str, Any], height: int) -> None:
    """Cut the middle strip out of square pictures, and the boxes with them.

    A 16:9 picture fills it without a border, at little more than half the square's work.
    """
    full = batch["img"].shape[2]
    top = (full - height) // 2
    batch["img"] = batch["img"][:, :, top : top + height]
    boxes = batch["bboxes"]
    middle, half = boxes[:, 1] * full - top, boxes[:, 3] * full / 2
    low, high = (middle - half).clamp(0, height), (middle + half).clamp(0, height)
    kept = high - low > LEAST_LEFT * 2 * half
    boxes[:, 1], boxes[:, 3] = (low + high) / 2 / height, (high - low) / height
    for name in ("bboxes", "cls", "batch_idx"):
        batch[name] = batch[name][kept]


def overrides_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """What the ultralytics trainer is told."""
    run = chosen.run.resolve()
    return {
        **FIXED,
        "model": str(write_definition(run)),
        "data": str(chosen.data),
        "project": str(run.parent),
        "name": run.name,
        "epochs": chosen.epochs,
        "time": chosen.hours,
        "imgsz": chosen.size,
        "optimizer": chosen.optimizer,
        "lr0": chosen.rate,
        "warmup_epochs": chosen.warmup,
        "close_mosaic": chosen.whole_pictures,
        "scale": tuple(chosen.zoom),
        "mosaic": 0.0 if chosen.strip else 1.0,
        "device": chosen.device,
        "workers": chosen.workers,
        "amp": False if chosen.device == "cpu" else "bf16",
        "seed": chosen.seed,
        **({"distill_model": str(chosen.teacher), "dis": chosen.imitate} if chosen.teacher else {}),
    }


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n")[0],
        epilog=EPILOGUE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--run", type=Path, required=True, help="folder of this run; weights/ is inside")
    add("--data", type=Path, help="data.yaml that dataset.py wrote")
    add("--resume", action="store_true", help="go on with a run that was stopped")
    add("--from", dest="start", type=Path, help="weights of an earlier stage (last.pt)")
    add("--teacher", type=Path, help="checkpoint that teacher.py wrote, to imitate")
    add("--imitate", type=float, default=6.0, help="weight of the imitation (%(default)s)")
    add("--epochs", type=int, default=20)
    add("--hours", type=float, help="train for this long instead of --epochs")
    add("--size", type=int, default=320, help="side of the training square, a multiple of 32")
    add("--rate", type=float, default=0.002, help="highest learning rate (%(default)s)")
    add("--optimizer", default="AdamW", choices=("AdamW", "MuSGD", "SGD"))
    add("--warmup", type=float, default=1.0, help="epochs of rising learning rate")
    add("--whole-pictures", type=int, default=2, help="last epochs without mosaic")
    add("--zoom", type=float, nargs=2, default=(0.5, 1.9), help="random scale (0.5 1.9)")
    add("--strip", type=int, default=0, help="whole wide pictures of this height, no mosaic")
    add("--device", default="cpu", help="cpu, or the number of a GPU")
    add("--threads", type=int, default=2, help="CPU threads")
    add("--workers", type=int, default=1, help="processes that prepare pictures")
    add("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def problem(chosen: argparse.Namespace) -> tuple[str, str] | None:
    """What is wrong with the arguments, and what to do about it."""
    last = chosen.run / "weights/last.pt"
    if chosen.resume:
        if not last.is_file():
            return f"{last}: nothing to resume", "start the run without --resume first"
        return None
    if chosen.data is None:
        return "--data is missing", "build one with models/recipe/dataset.py"
    for path in (chosen.data, chosen.start, chosen.teacher):
        if path is not None and not path.is_file():
            return f"{path}: no such file", "see models/recipe/README.md for the order of steps"
    if chosen.size % 32 or chosen.strip % 32:
        return f"--size {chosen.size}, --strip {chosen.strip}: not multiples of 32", "use 320, 416"
    return None


def start_with_settings() -> None:
    """Start again with the settings that are read when a process starts, if they are not there."""
    if sys.platform == "linux" and not set(offline_ultralytics.AT_START) <= set(os.environ):
        os.environ.update(offline_ultralytics.AT_START)
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606 (itself, same words)


def main(arguments: list[str] | None = None) -> int:
    chosen = parse(arguments)
    if wrong := problem(chosen):
        print(f"train: error: {wrong[0]}\ntrain: hint: {wrong[1]}", file=sys.stderr)
        return 2
    start_with_settings()
    torch.set_num_threads(chosen.threads)
    trainer_type = trainer_class()
    if chosen.resume:
        overrides: dict[str, Any] = {"resume": str((chosen.run / "weights/last.pt").resolve())}
    else:
        overrides = overrides_of(chosen)
    trainer = trainer_type(overrides=overrides)
    trainer.start_from = None if chosen.resume else chosen.start
    trainer.strip_height = chosen.strip
    trainer.args.workers = chosen.workers  # the trainer sets 0 on a CPU
    torch.set_num_threads(chosen.threads)  # the trainer chooses its own number for a CPU
    try:
        trainer.train()
    except KeyboardInterrupt:
        print(f"\ntrain: stopped; go on with --run {chosen.run} --resume", file=sys.stderr)
        return 130
    print(f"train: done; export with --weights {chosen.run / 'weights/last.pt'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
