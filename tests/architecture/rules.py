"""Each rule of DESIGN sections 5 and 7 as a function: modules in, violations out, one line each."""

import ast
import sys
from collections.abc import Callable, Iterator

from tests.architecture import table
from tests.architecture.graph import (
    Modules,
    circle,
    closure,
    floor_of,
    target_place,
    vendor,
    within,
)
from tests.architecture.syntax import COMPUTED, Module

Rule = Callable[[Modules], Iterator[str]]
_RELEASE = {"counter.release", "counter.release.ZoneCount"}
# Calls that make a second ZoneCount of one, or change it although it is frozen.
_REMAKES = ("dataclasses.replace", "copy.replace", ".__replace__", ".__class__", ".__setattr__")


def floors(modules: Modules) -> Iterator[str]:
    """5.1: imports point to a lower floor or stay on their own; no circle; written out in full."""
    for module in modules.values():
        mine = floor_of(module.place)
        if mine is None:
            yield module.at(1, f"place {module.place!r} in FLOORS of tests/architecture/table.py")
            continue
        for found in module.imports:
            if found.relative:
                yield module.at(found.line, "relative import: write counter.…")
                continue
            if found.target == COMPUTED or found.target.endswith(".*"):
                yield module.at(found.line, "an import is written out by name")
                continue
            place = target_place(found, modules)
            floor = None if place is None else floor_of(place)
            if place is not None and floor is None:
                yield module.at(found.line, f"{place!r} has no floor, or is not there")
            elif floor is not None and floor > mine:
                yield module.at(found.line, f"{place!r} is on a higher floor")
    if ring := circle(modules):
        yield f"circle: {' > '.join(ring)}"


def rings(modules: Modules) -> Iterator[str]:
    """5.2: each ring is imported by the places of its table, and by no other."""
    for module in modules.values():
        for found in module.imports:
            place = target_place(found, modules) or ""
            allowed = table.RINGS.get(place)
            if allowed is not None and not within(module.place, allowed):
                yield module.at(found.line, f"{module.place!r} may not see {place!r}")


def sealed(modules: Modules) -> Iterator[str]:
    """5.3: the outside never reaches a ring or numpy, and what starts first loads nothing heavy."""
    banned = {f"counter.{ring}" for ring in table.RINGS} | {"numpy"}
    for module in modules.values():
        if within(module.place, table.SEALED):
            chains = closure(module, modules, lambda _: True)
            yield from (module.at(1, f"reaches {chains[name]}") for name in banned & set(chains))
        light = set(table.HEAVY) if within(module.place, table.LIGHT) else set()
        if within(module.place, table.OPENERS):
            light |= {name for name, vendor in table.VENDORS.items() if vendor.late}
        if light:
            chains = closure(module, modules, lambda found: not (found.late or found.types_only))
            heavy = sorted(light & set(chains))
            yield from (module.at(1, f"loads at import: {chains[name]}") for name in heavy)


def pure(modules: Modules) -> Iterator[str]:
    """5.4: the core knows no clock, file, socket, log or randomness."""
    for module in modules.values():
        if not within(module.place, table.CORE):
            continue
        for line, name in module.names():
            parts = name.split(".")
            prefixes = {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
            if prefixes & table.WORLD_NAMES or _is_clock(name):
                yield module.at(line, f"the core may not use {name}")
        for found in module.imports:
            if vendor(found) in table.WORLD_MODULES:
                yield module.at(found.line, f"the core may not import {found.target}")
        for line, text in _names_by_text(module):
            if text in {name.rpartition(".")[2] for name in table.WORLD_NAMES}:
                yield module.at(line, f"the core may not look up {text!r}")


def vendors(modules: Modules) -> Iterator[str]:
    """5.5: one vendor library, one place, imported when its backend is opened."""
    for module in modules.values():
        for found in module.imports:
            root = vendor(found)
            if root in {"counter", COMPUTED} or root in sys.stdlib_module_names or found.relative:
                continue
            whole = [place for place in table.BACKENDS if within(module.place, (place,))]
            if any(root in table.BACKENDS[place] for place in whole):
                continue
            entry = table.VENDORS.get(root)
            if entry is None or not within(module.place, entry.places):
                yield module.at(found.line, f"{root!r} is not for {module.place!r} (VENDORS)")
            elif entry.late and not found.late and not found.types_only:
                yield module.at(found.line, f"import {root!r} in the function that opens it")


def forbidden(modules: Modules) -> Iterator[str]:
    """5.6: nothing in counter/ stores, encodes or shows a picture, or pickles."""
    for module in modules.values():
        for found in module.imports:
            root = vendor(found)
            drawn = within(module.place, table.NUMBERS_ONLY.get(root, ()))
            if root in table.FORBIDDEN_MODULES and not drawn:
                yield module.at(found.line, f"{found.target} stores, encodes or shows")
        for line, name in module.names():
            receiver, _, last = name.rpartition(".")
            stores = bool(receiver) and last in table.FORBIDDEN_METHODS
            if last in table.FORBIDDEN_NAMES or (stores and name not in table.HARMLESS_METHODS):
                yield module.at(line, f"{name} is not for a counter")
        for line, text in _names_by_text(module):
            if text in table.FORBIDDEN_NAMES | table.FORBIDDEN_METHODS:
                yield module.at(line, f"{text!r} looked up by name is not for a counter")


def one_gate(modules: Modules) -> Iterator[str]:
    """5.7: `disclosure` alone makes a ZoneCount; others carry it and name its type."""
    for module in modules.values():
        if module.place == "disclosure":
            continue
        typed = _type_positions(module)
        sees = any(i.target in _RELEASE for i in module.imports)
        for node in ast.walk(module.tree):
            name = module.resolve(node).rpartition(".")[2]
            if name == "ZoneCount" and id(node) not in typed and module.place != "release":
                yield module.at(_line(node), "ZoneCount is only a type here: the gate makes it")
            if not (sees and isinstance(node, ast.Call)):
                continue
            function = node.func
            made_from = isinstance(function, ast.Call) and module.resolve(function.func) == "type"
            if made_from or module.resolve(function).endswith(_REMAKES):
                yield module.at(node.lineno, "a release is not changed after the gate")


def sizes(modules: Modules) -> Iterator[str]:
    """2 and 7: small files, small functions, few arguments, and a name that says what is inside."""
    for module in modules.values():
        if module.name.rpartition(".")[2] in table.FORBIDDEN_FILES:
            yield module.at(1, "a helper lives with its only user, or has a name")
        lines = module.text.count("\n")
        if lines > table.MAX_FILE_LINES:
            yield module.at(lines, f"{lines} lines, at most {table.MAX_FILE_LINES}")
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield from (module.at(node.lineno, text) for text in _oversize(node, module))


def _oversize(node: ast.FunctionDef | ast.AsyncFunctionDef, module: Module) -> Iterator[str]:
    length = (node.end_lineno or node.lineno) - node.lineno + 1
    if length > table.MAX_FUNCTION_LINES:
        yield f"{node.name}: {length} lines, at most {table.MAX_FUNCTION_LINES}"
    spec = node.args
    named = [a.arg for a in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs)]
    count = len(named) - (named[:1] in (["self"], ["cls"]))
    if count > table.MAX_ARGUMENTS and not module.path.startswith("tests/"):  # fixtures
        yield f"{node.name}: {count} arguments, at most {table.MAX_ARGUMENTS}"


def _is_clock(name: str) -> bool:
    receiver, _, last = name.rpartition(".")
    return bool(receiver) and last in table.CLOCK_METHODS


def _names_by_text(module: Module) -> Iterator[tuple[int, str]]:
    """Strings that reach an attribute (`getattr(cv2, "imwrite")`, `vars(cv2)["imwrite"]`).

    A computed name is given as `imwrite` where the object is a library: it could be that one.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call):
            function = module.resolve(node.func).rpartition(".")[2]
            if function in {"getattr", "attrgetter", "methodcaller", "hasattr", "__getattribute__"}:
                texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
                yield from ((node.lineno, t) for t in texts if isinstance(t, str))
                root = module.resolve(node.args[0]).partition(".")[0] if node.args else ""
                if not texts and root in table.VENDORS:
                    yield node.lineno, "imwrite"
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
            held = ast.unparse(node.value)
            if isinstance(node.slice.value, str) and ("vars(" in held or "__dict__" in held):
                yield node.lineno, node.slice.value


def _type_positions(module: Module) -> set[int]:
    """Nodes that name a type and make nothing: annotations, subscripts, isinstance."""
    places: list[ast.AST | None] = []
    for node in ast.walk(module.tree):
        if isinstance(node, ast.arg | ast.AnnAssign):
            places.append(node.annotation)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            places.append(node.returns)
        elif isinstance(node, ast.Subscript):
            places.append(node.slice)
        elif isinstance(node, ast.Call) and module.resolve(node.func) == "isinstance":
            places += node.args[1:]
    return {id(inner) for place in places if place for inner in ast.walk(place)}


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)


RULES: dict[str, Rule] = {
    rule.__name__: rule
    for rule in (floors, rings, sealed, pure, vendors, forbidden, one_gate, sizes)
}
