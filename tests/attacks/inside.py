"""The attacked process: the appliance at work in the sandbox, which turns against it.

The attack starts from within the loop, after some pictures were looked at: from the main thread,
then from a thread that was there before the second stage, then from one that came after it.
Afterwards the loop goes on.
Nothing heavy is imported before the first stage, as when the appliance starts.
"""

import json
import os
import sys
import threading
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from counter.guarantees import Guarantee
from counter.sandbox import Enclosure, Plan, kernel
from tests.attacks.judging import judged, judged_apart, say
from tests.attacks.private import become, private
from tests.attacks.scene import Scene

if TYPE_CHECKING:
    from counter import settings

ROOT = Path(__file__).parents[2]
# Pictures looked at before the attack, and after it; one of the scene's seconds each, so that an
# interval of 30 s is released before and after.
BEFORE, AFTER = 35, 70
READ = ("/bin/true", str(ROOT / "tests"))  # what the attempts themselves need


def main() -> None:
    ask = json.loads(sys.argv[2])
    scene = Scene.from_json(sys.argv[1])
    if os.geteuid() == 0:
        private()
    if scene.uid:
        become(scene.uid)
    plan = Plan(
        read=tuple(Path(place) for place in (*READ, scene.shown)),
        devices=tuple(Path(place) for place in ask["devices"]),
        connect=(scene.port,),
        bind=(scene.served,),
    )
    # Swap has nothing to do with it; the others must be named, or it would not start.
    accepted, facts = [Guarantee.NO_SWAP], kernel.probe()
    if not ask["landlock"]:
        accepted += [Guarantee.LANDLOCK_FS, Guarantee.LANDLOCK_NET]
        facts = replace(facts, landlock_abi=0)
    if not ask["seccomp"]:
        accepted += [Guarantee.SECCOMP]
        facts = replace(facts, seccomp=False)
    enclosure = Enclosure(plan, accepted, facts=facts)
    enclosure.enter()
    attack = _prepared(scene, ask["skip"], apart=not ask["seccomp"])
    with ExitStack() as opened:
        run = _appliance(opened, scene, ask["broker"]) if ask["live"] else _alone
        enclosure.seal()
        run(attack)
    say('{"done": true}')


def _prepared(scene: Scene, skip: Collection[str], *, apart: bool) -> Callable[[], None]:
    """Between the stages: import the attempts, get hold of things, start the earlier thread."""
    from tests.attacks import attempts
    from tests.attacks.held import armed, prepare

    known = [each for each in attempts() if each.name not in skip]
    prepare(scene)
    ready, turn = threading.Event(), threading.Event()

    def from_(who: str, scene: Scene) -> None:
        for each in known:
            if apart:  # much works, and would end the process or let it loose
                judged_apart(each, scene, who)
                continue
            say(json.dumps({"trying": each.name, "who": who}))
            say(judged(each, scene, who).to_json())

    def armed_and_waiting() -> None:
        own = armed(scene)
        ready.set()
        turn.wait()
        from_("earlier thread", own)

    earlier = threading.Thread(target=armed_and_waiting, daemon=True)
    earlier.start()
    assert ready.wait(5)

    def attack() -> None:
        from_("main thread", scene)
        if not apart:  # a child has one thread
            turn.set()
            earlier.join()
            later = threading.Thread(target=from_, args=("later thread", scene))
            later.start()
            later.join()
        say('{"attacked": true}')
        sys.stdin.readline()  # meanwhile somebody may look whether it still answers

    return attack


def _alone(attack: Callable[[], None]) -> None:
    attack()


def _appliance(
    opened: ExitStack, scene: Scene, broker: str
) -> Callable[[Callable[[], None]], None]:
    from counter.assemble import appliance
    from counter.config import Loaded
    from counter.start import unrestrained

    loaded = Loaded(settings=_settings(scene, broker), sha256="0" * 64, warnings=())
    machine = opened.enter_context(appliance(loaded, start=unrestrained(loaded)))

    def run(attack: Callable[[], None]) -> None:
        seen = 0

        def stop() -> bool:
            nonlocal seen
            seen += 1
            if seen == BEFORE:
                attack()
            return seen == AFTER

        machine.run(stop)
        say(json.dumps({"frames": seen}))

    return run


def _settings(scene: Scene, broker: str) -> "settings.Settings":
    from counter import settings
    from counter.purposes import Purpose

    square = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)]
    return settings.Settings(
        site="attacked",
        device="box",
        purpose=Purpose.PASSENGER_INFORMATION,
        interval_s=30,
        cameras={"eye": settings.CameraSettings(source="synthetic:platform", fps=1)},
        zones={"all": settings.ZoneSettings(camera="eye", polygon=square)},
        prometheus=settings.PrometheusSettings(port=scene.served),
        mqtt=settings.MqttSettings(url=broker) if broker else None,
    )


if __name__ == "__main__":
    main()
