"""Who imports whom inside counter/: targets resolved to files, closures and circles."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from tests.architecture.syntax import Import, Module
from tests.architecture.table import FLOORS

Modules = Mapping[str, Module]
PLACES = {place: floor for floor, places in enumerate(FLOORS) for place in places}


def within(place: str, places: Iterable[str]) -> bool:
    """Is this file one of these places, or in one of these packages?"""
    return any(place == one or place.startswith(f"{one}.") for one in places)


def floor_of(place: str) -> int | None:
    """Give the floor of the longest listed place that holds this one."""
    parts = place.split(".")
    for length in range(len(parts), 0, -1):
        floor = PLACES.get(".".join(parts[:length]))
        if floor is not None:
            return floor
    return None


def target_place(found: Import, modules: Modules) -> str | None:
    """`counter.people.Tracks` to `people`; None for a target outside counter/."""
    parts = found.target.split(".")
    if parts[0] != "counter":
        return None
    for length in range(len(parts), 1, -1):
        name = ".".join(parts[:length])
        if name in modules or name.removeprefix("counter.") in PLACES:
            return name.removeprefix("counter.")
    # A name in counter/__init__.py, or a module that is not there: in neither case a floor.
    return "" if len(parts) == 2 and parts[1].startswith("__") else ".".join(parts[1:])


def vendor(found: Import) -> str:
    return found.target.partition(".")[0]


def edges(module: Module, modules: Modules, keep: Callable[[Import], bool]) -> Iterator[str]:
    """Every name loaded with this module: what it imports, and the packages above those."""
    for found in filter(keep, module.imports):
        place = target_place(found, modules)
        if place is None:
            yield vendor(found)
        else:
            parts = ["counter", *place.split(".")] if place else ["counter"]
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def closure(start: Module, modules: Modules, keep: Callable[[Import], bool]) -> dict[str, str]:
    """Everything loaded with `start`, each with the chain that leads to it."""
    above = start.name.split(".")
    packages = [".".join(above[:length]) for length in range(1, len(above))]
    chains = {start.name: start.place, **dict.fromkeys(packages, start.place)}
    waiting = list(chains)
    while waiting:
        module = modules.get(waiting.pop())
        for name in edges(module, modules, keep) if module else ():
            if module and name not in chains:
                chains[name] = f"{chains[module.name]} > {name.removeprefix('counter.')}"
                waiting.append(name)
    return chains


def circle(modules: Modules) -> list[str]:
    """Find the places of one circle of imports, or nothing; every kind of import counts."""
    arrows = {
        module.place: sorted({p for i in module.imports if (p := target_place(i, modules))})
        for module in modules.values()
    }
    done: set[str] = set()

    def walk(place: str, path: list[str]) -> list[str]:
        if place in path:
            return [*path[path.index(place) :], place]
        if place in done:
            return []
        for other in arrows.get(place, ()):
            if found := walk(other, [*path, place]):
                return found
        done.add(place)
        return []

    return next((found for place in arrows if (found := walk(place, []))), [])
