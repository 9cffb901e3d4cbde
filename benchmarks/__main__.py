"""`python -m benchmarks NAME`: each benchmark answers one question with one table.

Figures are medians, and ratios are taken within one run: machines are noisy. Nothing here judges.
"""

import argparse
import importlib
from pathlib import Path

QUESTIONS = {
    "frame_cost": "What does a frame cost beside its inference, and what do others take for it?",
    "enclosure": "What does the sandbox cost?",
    "memory": "Does the process grow over 20,000 frames?",
    "tracking": "What do tracker, zones and lines cost for 10 to 500 people?",
    "detection": "What do letterbox, inference and decoding cost?",
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
    questions = "\n".join(f"  {name:<12}{question}" for name, question in QUESTIONS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=questions,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=QUESTIONS, metavar="NAME", help="one of those below")
    parser.add_argument("--out", type=Path, help="also write the table as JSON to this file")
    parser.add_argument("--model", help="a detector of `counter models list`")
    asked, rest = parser.parse_known_args()
    module = importlib.import_module(f"benchmarks.{asked.name}")
    module.run(out=asked.out, model=asked.model, rest=rest)


if __name__ == "__main__":
    main()
