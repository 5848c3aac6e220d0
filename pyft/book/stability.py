"""What of a page may differ from one machine to the next, clocks and trainings, and whether it is compared as text.

A figure that a training or a solver made moves with the number of threads and the processor; a time moves with all that
runs beside it. Neither may reach an output that the regression test compares, nor an `assert`. Values are followed
through the cells in their order, by syntax trees; what is stored (a record, a benchmark) is a constant, and may.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyft import paths
from pyft.book.chapters import chapters

CLOCKS = frozenset({"perf_counter", "perf_counter_ns", "monotonic", "process_time", "timeit"})
SOLVERS = frozenset({"fit", "fit_predict", "fine_tune"})  # and `step` of an optimiser
STORED = ("pyft.benchmarks", "pyft.book", "pyft.cli", "pyft.data", "pyft.evidence", "pyft.exercises")
# Calls that show no figure as text.
HOLDS = frozenset({"expect", "claim", "record", "prove", "prove_all", "check", "show", "len", "isinstance", "type"})
FIXED = frozenset({"shape", "ndim", "dtype", "size", "num_rows"})
SHOWN = frozenset({"print", "display", "glue"})
SILENT = frozenset({"show", "tight_layout", "legend", "set", "append", "update", "add", "fine_tune", "mkdir"})
GROWS = frozenset({"append", "extend", "update", "add", "insert", "setdefault"})
IGNORED = "nbval-ignore-output"


def unstable() -> list[str]:
    """Cells in which a time or a trained figure is compared as text or asserted."""
    package = Package(paths.ROOT / "pyft")
    problems = []
    for chapter in chapters().values():
        cells = [(i, cell) for i, cell in enumerate(chapter.read().cells) if cell.cell_type == "code"]
        parsed = [(i, IGNORED in cell.metadata.get("tags", []), _parse(cell.source)) for i, cell in cells]
        for what, calls in (("a time", CLOCKS), ("a trained figure", SOLVERS)):
            page = Page(calls, package.makers(calls), _imports((tree for *_, tree in parsed), package.stubs))
            for index, ignored, tree in parsed:
                for where, source in page.cell(tree):
                    if where == "assert":
                        problems.append(
                            f"{chapter.name}, cell {index}: {what} in {source!r}. Assert it of stored runs, or hold "
                            "it with `expect`."
                        )
                    elif not ignored:
                        problems.append(
                            f"{chapter.name}, cell {index}: {what} is compared as text, in {source!r}. Tag the cell "
                            f"{IGNORED!r}, and hold the figure with `expect`."
                        )
    return list(dict.fromkeys(problems))


def _parse(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except SyntaxError:  # a magic
        return ast.Module([], [])


def _last(f: ast.expr) -> str:
    return f.attr if isinstance(f, ast.Attribute) else f.id if isinstance(f, ast.Name) else ""


def _imports(trees: Iterable[ast.AST], stubs: Mapping[str, str]) -> dict[str, str]:
    """What the names that are imported from pyft stand for."""
    found = {}
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("pyft"):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                found[alias.asname or alias.name] = stubs.get(name, name)
    return found


def _bound(function: ast.AST) -> set[str]:
    nodes = list(ast.walk(function))
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {n.arg for n in nodes if isinstance(n, ast.arg)}


class Package:
    """The functions of the package, which of them calls which, and which names folders hand on."""

    def __init__(self, root: Path) -> None:
        trees = {self._name(root, path): ast.parse(path.read_text(encoding="utf8")) for path in root.rglob("*.py")}
        self.stubs = {
            f"{folder}.{alias.name}": f"{folder}.{node.module}.{alias.name}"
            for path in root.rglob("__init__.pyi")
            for folder in [self._name(root, path.parent)]
            for node in ast.parse(path.read_text(encoding="utf8")).body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        self.called: dict[str, set[str]] = {}  # by function: those of the package that it calls
        self.last: dict[str, set[str]] = {}  # by function: the last word of every call
        for module, tree in trees.items():
            names = _imports([tree], self.stubs) | {
                n.name: f"{module}.{n.name}" for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)
            }
            for node in tree.body:
                if isinstance(node, ast.FunctionDef | ast.ClassDef) and not module.startswith(STORED):
                    here = {name: to for name, to in names.items() if name not in _bound(node)}
                    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
                    self.called[f"{module}.{node.name}"] = {_target(call.func, here, self.stubs) for call in calls}
                    self.last[f"{module}.{node.name}"] = {_made_by(call) for call in calls}

    @staticmethod
    def _name(root: Path, path: Path) -> str:
        return ".".join(path.relative_to(root.parent).with_suffix("").parts).removesuffix(".__init__")

    def makers(self, calls: frozenset[str]) -> set[str]:
        """The functions that make one of these calls, or call a function that does."""
        found = {name for name, last in self.last.items() if last & calls}
        while more := {name for name, called in self.called.items() if name not in found and called & found}:
            found |= more
        return found


def _target(f: ast.expr, names: Mapping[str, str], stubs: Mapping[str, str]) -> str:
    """The function of the package that is called; an empty text for any other."""
    parts: list[str] = []
    while isinstance(f, ast.Attribute):
        parts.insert(0, f.attr)
        f = f.value
    if not isinstance(f, ast.Name) or f.id not in names:
        return ""
    name = ".".join([names[f.id], *parts])
    return stubs.get(name, name)


def _is_call_of(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Call) and _last(node.func) in names


def _made_by(call: ast.Call) -> str:
    """The last word of a call; `fit` for the step of an optimiser."""
    last = _last(call.func)
    if last == "step" and isinstance(call.func, ast.Attribute) and "opt" in ast.unparse(call.func.value).lower():
        return "fit"
    return last


@dataclass
class Page:
    """The names of a page that hold what moves, cell after cell."""

    calls: frozenset[str]
    makers: set[str]
    imports: Mapping[str, str]
    moving: set[str] = field(default_factory=set)

    def cell(self, tree: ast.Module) -> Iterator[tuple[str, str]]:
        """Where in a cell a value that moves is asserted or shown: which of the two, and the source."""
        yield from dict.fromkeys(self._block(tree.body))
        last = tree.body[-1] if tree.body else None
        if isinstance(last, ast.Expr) and self.moves(last.value) and not _is_call_of(last.value, SILENT | SHOWN):
            yield "shown", _short(last)

    def moves(self, node: ast.AST | None) -> bool:
        """Whether an expression's value may differ from one machine to the next."""
        match node:
            case None:
                return False
            case ast.Call():
                if _last(node.func) in HOLDS:
                    return False
                if self._makes(node):
                    return True
            case ast.Attribute() if node.attr in FIXED:
                return False
            case ast.Name():
                return any(name.partition("[")[0] == node.id for name in self.moving)
            case ast.Subscript(value=ast.Name(id=name), slice=ast.Constant()):
                return bool(self.moving & {name, ast.unparse(node)})
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                return self._comprehension(node)
        return any(map(self.moves, ast.iter_child_nodes(node)))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp) -> bool:
        before = set(self.moving)
        for part in node.generators:
            self._assign(part.target, self.moves(part.iter))
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        found = any(map(self.moves, [*made, *(test for part in node.generators for test in part.ifs)]))
        self.moving = before
        return found

    def _makes(self, call: ast.Call) -> bool:
        return _made_by(call) in self.calls or _target(call.func, self.imports, {}) in self.makers

    def _assign(self, target: ast.expr, moves: bool, value: ast.expr | None = None) -> None:
        match target, value:
            case ast.Name(), _:
                self.moving = {name for name in self.moving if name.partition("[")[0] != target.id}
                self.moving |= {target.id} if moves else set()
            case ast.Subscript(value=ast.Name(), slice=ast.Constant()), _:
                (self.moving.add if moves else self.moving.discard)(ast.unparse(target))
            case ast.Tuple() | ast.List(), ast.Tuple() if len(target.elts) == len(value.elts):
                for one, part in zip(target.elts, value.elts, strict=True):
                    self._assign(one, self.moves(part), part)
            case ast.Tuple() | ast.List(), _:
                for one in target.elts:
                    self._assign(one, moves)
            case ast.Starred() | ast.Subscript() | ast.Attribute(), _ if moves:  # the rest of it stays as it was
                self._assign(target.value, moves)

    def _effects(self, node: ast.AST) -> None:
        """What calls do to their objects: a model that is fitted moves, and a list that such a value is added to."""
        for named in (n for n in ast.walk(node) if isinstance(n, ast.NamedExpr)):
            self._assign(named.target, self.moves(named.value))
        for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
            method = isinstance(call.func, ast.Attribute)
            if self._makes(call) and self.calls is SOLVERS:
                if method and _made_by(call) in SOLVERS and not _target(call.func, self.imports, {}):
                    self._assign(call.func.value, True)  # type: ignore[attr-defined]
                elif call.args and isinstance(call.args[0], ast.Name):
                    self.moving.add(call.args[0].id)
            if method and _last(call.func) in GROWS and any(map(self.moves, call.args)):
                self._assign(call.func.value, True)  # type: ignore[attr-defined]

    def _block(self, body: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
        for statement in body:
            yield from self._statement(statement)

    def _twice(self, *bodies: Iterable[ast.stmt]) -> Iterator[tuple[str, str]]:
        """A loop's body: what its end makes move moves at its beginning."""
        for body in bodies * 2:
            yield from self._block(body)

    def _statement(self, s: ast.stmt) -> Iterator[tuple[str, str]]:
        match s:
            case ast.FunctionDef():
                before = set(self.moving)
                self.moving -= {n.arg for n in ast.walk(s.args) if isinstance(n, ast.arg)}
                loud = bool(list(self._twice(s.body)))
                made = any(self.moves(n.value) for n in ast.walk(s) if isinstance(n, ast.Return))
                made |= any(self._makes(n) for n in ast.walk(s) if isinstance(n, ast.Call))
                self.moving = before | ({s.name} if loud or made else set())
            case ast.Assert():
                if self.moves(s.test):
                    yield "assert", _short(s)
            case ast.For():
                self._effects(s.iter)
                self._assign(s.target, self.moves(s.iter))
                yield from self._twice(s.body, s.orelse)
            case ast.While() | ast.If():
                self._effects(s.test)
                yield from self._twice(s.body, s.orelse)
            case ast.With():
                for item in s.items:
                    self._effects(item.context_expr)
                    if item.optional_vars is not None:
                        self._assign(item.optional_vars, self.moves(item.context_expr))
                yield from self._block(s.body)
            case ast.Try():
                yield from self._block([*s.body, *(x for h in s.handlers for x in h.body), *s.orelse, *s.finalbody])
            case _:
                self._effects(s)
                yield from self._simple(s)

    def _simple(self, s: ast.stmt) -> Iterator[tuple[str, str]]:
        if isinstance(s, ast.Assign):
            for target in s.targets:
                self._assign(target, self.moves(s.value), s.value)
        elif isinstance(s, ast.AugAssign) and self.moves(s.value):
            self._assign(s.target, True)
        elif isinstance(s, ast.AnnAssign) and s.value is not None:
            self._assign(s.target, self.moves(s.value), s.value)
        elif isinstance(s, ast.Expr):
            for call in (n for n in ast.walk(s) if isinstance(n, ast.Call) and _last(n.func) in SHOWN):
                if any(map(self.moves, [*call.args, *(k.value for k in call.keywords)])):
                    yield "shown", _short(s)


def _short(node: ast.stmt) -> str:
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= 90 else text[:89] + "…"
