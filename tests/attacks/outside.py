"""The control: every attempt without the sandbox, as root, each in a process of its own."""

import sys

from tests.attacks import attempts
from tests.attacks.held import armed, prepare
from tests.attacks.judging import judged_apart, say
from tests.attacks.private import private
from tests.attacks.scene import Scene


def main() -> None:
    scene = Scene.from_json(sys.argv[1])
    private()
    known = attempts()
    prepare(scene)
    scene = armed(scene)
    for each in known:
        judged_apart(each, scene, "outside")
    say('{"done": true}')


if __name__ == "__main__":
    main()
