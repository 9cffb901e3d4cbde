"""A source file as its imports, its names and what they stand for.

Aliases are followed without regard to order or scope: `import numpy as n`, `n = numpy` and
`from cv2 import imwrite as w` all lead back to the library's own name. Overshooting is fine here:
a rule that must not be broken may be stricter than Python.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

UNKNOWN = "?"  # the root of a dotted name that leads to no import
COMPUTED = "(computed)"  # the target of an import whose name is not written out


@dataclass(frozen=True)
class Import:
    line: int
    target: str  # dotted, down to the imported name: counter.people.Tracks
    late: bool  # inside a function
    types_only: bool  # under `if TYPE_CHECKING`
    relative: bool = False


@dataclass(frozen=True)
class Module:
    path: str  # counter/outputs/mqtt.py
    text: str
    tree: ast.Module
    imports: tuple[Import, ...]
    aliases: dict[str, str] = field(hash=False)

    @property
    def name(self) -> str:
        """`counter.outputs.mqtt`; a package goes by its folder."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def place(self) -> str:
        """`outputs.mqtt`; the package itself is the empty string."""
        return self.name.removeprefix("counter").removeprefix(".")

    def at(self, line: int, text: str) -> str:
        return f"{self.path}:{line}: {text}"

    def resolve(self, node: ast.AST) -> str:
        """`np.random.rand` to `numpy.random.rand`; an unknown receiver is `?`; no name: empty."""
        if isinstance(node, ast.Name):
            return self.aliases.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self.resolve(node.value) or UNKNOWN}.{node.attr}"
        return ""

    def names(self) -> Iterator[tuple[int, str]]:
        """Give every name that is used or imported, resolved, with its line."""
        for found in self.imports:
            yield found.line, found.target
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                yield node.lineno, self.resolve(node)


def read(path: str, text: str) -> Module:
    tree = ast.parse(text, path)
    imports = (*_imports(tree, late=False, types_only=False), *_reached(tree))
    return Module(path, text, tree, imports, _aliases(tree))


def read_folder(root: Path, folder: str) -> dict[str, Module]:
    """All Python files under `root/folder`, by dotted name."""
    found = [
        read(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted((root / folder).rglob("*.py"))
    ]
    return {module.name: module for module in found}


def _imports(node: ast.AST, *, late: bool, types_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        in_function = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        in_types = types_only or (
            isinstance(child, ast.If) and _text(child.test).endswith("TYPE_CHECKING")
        )
        yield from _imported(child, late, types_only)
        yield from _imports(child, late=in_function, types_only=in_types)


def _reached(tree: ast.Module) -> Iterator[Import]:
    """`counter.people.Tracks` after `import counter`: somebody else imported it, but it is used."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _text(node).startswith("counter."):
            yield Import(node.lineno, _text(node), late=True, types_only=False)


def _imported(node: ast.AST, late: bool, types_only: bool) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(node.lineno, alias.name, late, types_only)
    elif isinstance(node, ast.ImportFrom):
        for alias in node.names:
            target = f"{node.module or ''}.{alias.name}".removeprefix(".")
            yield Import(node.lineno, target, late, types_only, relative=node.level > 0)
    elif isinstance(node, ast.Call) and _text(node.func).rpartition(".")[2] in (
        "import_module",
        "__import__",
    ):
        first = node.args[0] if node.args else None
        written = isinstance(first, ast.Constant) and isinstance(first.value, str)
        target = str(getattr(first, "value", "")) if written else COMPUTED
        yield Import(node.lineno, target, late, types_only)


def _aliases(tree: ast.Module) -> dict[str, str]:
    aliases: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    aliases[alias.asname] = alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                aliases[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    # `n = numpy` and `n = np.random` after the imports are known; import_module("x") is x.
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            target = _stands_for(node.value, aliases)
            if target and target != node.targets[0].id:
                aliases[node.targets[0].id] = target
    return aliases


def _stands_for(value: ast.AST, aliases: dict[str, str]) -> str:
    if isinstance(value, ast.Call):
        return next((found.target for found in _imported(value, False, False)), "")
    root = _text(value).partition(".")[0] if isinstance(value, ast.Name | ast.Attribute) else ""
    return aliases.get(root, root) + _text(value)[len(root) :] if root.isidentifier() else ""


def _text(node: ast.AST) -> str:
    return ast.unparse(node)
