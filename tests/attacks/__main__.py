"""`python -m tests.attacks [--control] [--user UID] [--json]`: the attack on this machine.

A table. Needs root. The control always runs first, with `--control` it alone: what does not work
outside counts for nothing inside.
"""

import argparse
import os
import sys

from tests.attacks.judging import Outcome
from tests.attacks.runner import Ask, Run, inside, outside
from tests.attacks.scene import staged


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    parser.add_argument("--control", action="store_true", help="only outside the sandbox")
    parser.add_argument("--user", type=int, default=0, help="attack as this user, not as root")
    parser.add_argument("--without-landlock", action="store_true", help="as on such a kernel")
    parser.add_argument("--without-seccomp", action="store_true", help="the same")
    parser.add_argument("--device", nargs="*", default=[], help="a device of the plan")
    parser.add_argument("--json", action="store_true", help="a JSON object a line, no table")
    asked = parser.parse_args()
    if os.geteuid() != 0:
        print("counter: error: attacks: the control needs root", file=sys.stderr)
        return 2
    with staged() as scene:
        control = outside(scene)
    runs = {"outside": control}
    if not asked.control:
        with staged(uid=asked.user) as scene:
            ask = Ask(
                live=asked.user == 0 and not asked.without_seccomp,
                devices=tuple(asked.device),
                seccomp=not asked.without_seccomp,
                landlock=not asked.without_landlock,
            )
            runs["inside"] = inside(scene, ask)
    for name, run in runs.items():
        _show(name, run, control.names(Outcome.WORKED), as_json=asked.json)
    return 0


def _show(name: str, run: Run, counted: set[str], *, as_json: bool) -> None:
    for each in run.verdicts:
        row = f"{each.who:15} {each.group:10} {each.name:60.60} {each.outcome:8} {each.detail}"
        print(each.to_json() if as_json else row)
    outcomes = run.of(counted)
    numbers = {each: list(outcomes.values()).count(each) for each in Outcome}
    told = ", ".join(f"{number} {outcome}" for outcome, number in numbers.items() if number)
    print(f"{name}: of {len(counted)} attempts that work outside: {told}", file=sys.stderr)
    if not run.done:
        print("\n".join(run.output[-30:]), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
