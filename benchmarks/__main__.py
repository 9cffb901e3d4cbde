"""`python -m benchmarks NAME`: each benchmark answers one question with one table.

Figures are medians, and ratios are taken within one run: machines are noisy. Nothing here judges.
"""

import argparse
import importlib
import sys
from pathlib import Path

from counter.errors import CounterError
from counter.voice import MISTAKE, mistake

QUESTIONS = {
    "latency": "How long from capture to count and publication, and which stage takes it?",
    "realtime": "Does the appliance keep the pace of N cameras, and what does it drop?",
    "max_streams": "How many cameras at once does this machine keep up with?",
    "soak": "Is the appliance after half an hour what it was at the start? (30 minutes)",
    "verdict": "PASS or FAIL against benchmarks/targets.toml, on the target's own hardware only",
    "frame_cost": "What does a frame cost beside its inference?",
    "enclosure": "What does the sandbox cost?",
    "memory": "Does the process grow over 20,000 frames?",
    "tracking": "What do tracker, zones and lines cost for 10 to 500 people?",
    "detection": "What do letterbox and decoding cost, for pictures of several cameras?",
    "backends": "What does each runtime here take, and does it see the same people?",
    "peers": "What do ultralytics and supervision take for the same video, and what do we?",
    "accuracy_at_speed": "How fast is each model in each format here, and how well does it count?",
    "projection": "What would a Raspberry Pi 5 with a Hailo, a Coral or alone do? (not measured)",
    "scenarios": "Who goes over a line: the truth, ours, and the peers'?",
    "peers_mot": "How well do we follow and count on public sequences, beside peers?",
    "peers_lines": "Who goes over many lines of public sequences: the truth, ours, the peers'?",
    "crowds": "From how many people on does a density map count better than boxes?",
    "blind_spot": "Can a sign in the boxes tell a crowd that is half seen?",
    "crowd_switch": "What does the switch between tracks and a density map do to a film?",
    "counting": "How far are counts from the truth on public tracking sequences?",
    "occupancy": "Which estimate of occupancy is nearest to the truth, and who is a poster?",
    "footage": "How far are counts from the truth on real footage?",
    "day": "How far is an occupancy by balance from the truth after 24 hours? (many minutes)",
    "attacker": "Can sums over everything published bound a suppressed number? (many minutes)",
}


def main() -> None:
    questions = "\n".join(f"  {name:<18}{question}" for name, question in QUESTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=f"{questions}\n\n`python -m benchmarks NAME --help` has each one's own options.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        add_help=False,  # of NAME, where there is one
        allow_abbrev=False,
    )
    parser.add_argument(
        "name", nargs="?", choices=QUESTIONS, metavar="NAME", help="one of those below"
    )
    parser.add_argument("--out", type=Path, help="also write the table as JSON to this file")
    parser.add_argument("--model", help="a detector of `counter models list`")
    parser.add_argument("-h", "--help", action="store_true", help="this text, or that of NAME")
    asked, rest = parser.parse_known_args()
    if asked.name is None:
        parser.print_help(None if asked.help else sys.stderr)
        raise SystemExit(0 if asked.help else MISTAKE)
    module = importlib.import_module(f"benchmarks.{asked.name}")
    if asked.help and "argparse" not in vars(module):  # it has no options of its own
        print(module.__doc__)
        return
    try:
        module.run(out=asked.out, model=asked.model, rest=[*rest, "--help"] if asked.help else rest)
    except CounterError as error:
        raise SystemExit(mistake(error)) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None  # as a shell says it of SIGINT


if __name__ == "__main__":
    main()
