"""What counts of a source: its code, without comments, docstrings, layout and the hints of exercises.

Tables that every page shares (artefacts, corpora, profiles) count row by row, with the code that serves one row alone.
"""

import ast
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from pyft.book.uses import constant, nodes, parse

ROWS = {"Artefact", "Corpus", "Checkpoint", "Recipe", "HubData"}  # calls that make a row of a shared table
_CARDS_ONLY = {"citation", "licence"}  # what of a row only the data cards print
_DEFINITIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass
class Names:
    """Texts that stand in sources, and patterns of those that are put together: `f"{name}-continued"`."""

    texts: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)

    def add(self, text: ast.JoinedStr) -> None:
        parts = [constant(part) or "" for part in text.values]
        if re.search(r"\w{2}", "".join(parts)):  # `f"{a}-{b}"` could be anything
            self.patterns.add("".join(re.escape(part) or ".+" for part in parts))

    def among(self, known: Iterable[str]) -> set[str]:
        """Those of the known names that stand here."""
        patterns = [_compiled(pattern) for pattern in self.patterns]
        return {name for name in known if name in self.texts or any(p.fullmatch(name) for p in patterns)}


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def union(many: Iterable[Names]) -> Names:
    """The names of them all."""
    both = Names()
    for names in many:
        both.texts |= names.texts
        both.patterns |= names.patterns
    return both


@dataclass
class Code:
    """A source as its syntax tree has it, in a form that is the same under every version of Python."""

    parts: list[str] = field(default_factory=list)
    names: Names = field(default_factory=Names)  # in its literals
    used: set[str] = field(default_factory=set)  # its variables
    without: set[int] = field(default_factory=set)  # nodes that are left out
    asked: set[int] = field(default_factory=set)  # nodes that other values are compared with

    def __str__(self) -> str:
        return " ".join(self.parts)

    def write(self, value: Any) -> None:
        """Append a node, a list or a value; docstrings and what else does not count are left out."""
        if isinstance(value, list):
            self.parts.append("[")
            for item in value:
                self.write(item)
            self.parts.append("]")
        elif not isinstance(value, ast.AST):
            self.parts.append(repr(value))
        elif id(value) not in self.without and not isinstance(value, ast.expr_context) and not _is_docstring(value):
            self._note(value)
            self.parts.append(type(value).__name__)
            for name in value._fields:
                item = getattr(value, name)
                if item is not None and item != []:  # a field that a later version of Python brings is empty
                    self.parts.append(name)
                    self.write(item)
            self.parts.append(".")

    def _note(self, node: ast.AST) -> None:
        if isinstance(node, ast.Name):
            self.used.add(node.id)
        elif isinstance(node, ast.JoinedStr):
            self.names.add(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in self.asked:
            self.names.texts.add(node.value)
        elif isinstance(node, ast.Compare):  # `name == "xlnet"` asks for a name, and says none
            sides = [node.left, *node.comparators]
            self.asked |= {id(text) for side in sides for text in (side, *getattr(side, "elts", ()))}
        elif isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "mistakes" and _called(node) == "Exercise":
                    pairs = getattr(keyword.value, "elts", [])
                    self.without |= {id(hint) for pair in pairs for hint in getattr(pair, "elts", [])[1:]}
                elif keyword.arg in _CARDS_ONLY and _called(node) in ROWS:
                    self.without.add(id(keyword))


def _is_docstring(node: ast.AST) -> bool:
    """Whether it is a text that nobody uses; a lazy package's table counts by what it leads to, not as code."""
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return "_NAMES" in _defined(node)
    return isinstance(node, ast.Expr) and constant(node.value) is not None


def _written(*given: ast.AST, without: Collection[int] = ()) -> Code:
    code = Code(without=set(without))
    for node in given:
        code.write(node)
    return code


@cache
def module(text: str) -> Code:
    """The code of a module."""
    return _written(*parse(text).body)


@cache
def cell(text: str) -> Code:
    """The code of a notebook's cell, where a text at the top is no docstring: the last one is displayed."""
    return _written(*(node.value if isinstance(node, ast.Expr) else node for node in parse(text).body))


# --- parts of a module ------------------------------------------------------------------------------------------------


def segment(text: str, name: str) -> str:
    """The source of what has this name in a module, as `inspect.getsource` has it; all of it if that is unclear."""
    found = [node for node in parse(text).body if isinstance(node, _DEFINITIONS) and node.name == name]
    if len(found) != 1:
        return text
    first = min([found[0].lineno, *(decorator.lineno for decorator in found[0].decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : found[0].end_lineno])


@cache
def solutions(text: str) -> dict[str, str]:
    """The sources of the solutions of a module's exercises, by the exercises' names."""
    found = {}
    for node in nodes(text):
        pairs: Iterable[tuple[ast.expr | None, ast.expr]] = ()
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign):
            pairs = [(target.slice, node.value) for target in node.targets if isinstance(target, ast.Subscript)]
        for name, value in pairs:
            if constant(name) and isinstance(value, ast.Call) and _called(value) == "Exercise":
                right = next((keyword.value for keyword in value.keywords if keyword.arg == "solution"), None)
                found[str(constant(name))] = segment(text, right.id) if isinstance(right, ast.Name) else text
    return found


@cache
def experiments(text: str) -> set[str | None]:
    """The names of the experiments that a module defines, `Experiment("tricks", …)`; None for a computed one."""
    return {_name(node) for node in nodes(text) if isinstance(node, ast.Call) and _called(node) == "Experiment"}


def _called(node: ast.Call) -> str:
    """The last word of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _name(node: ast.Call) -> str | None:
    """The argument `name` of a call, or its first one, if it is a literal."""
    named = [keyword.value for keyword in node.keywords if keyword.arg == "name"]
    return constant(next(iter([*named, *node.args]), None))


# --- shared tables ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One row of a shared table: `Corpus("tweets", …)`, with the helpers that serve no other code."""

    kind: str
    name: str
    code: str
    names: Names


@dataclass(frozen=True)
class Table:
    """A module that holds shared tables, taken apart."""

    code: str  # all but the rows and their helpers
    names: Names  # in that code
    rows: tuple[Row, ...] = ()
    tables: frozenset[str] = frozenset()  # the names of the tables


@cache
def table(text: str) -> Table:
    """Take a module's shared tables apart. Private helpers count with the rows, if the rows alone use them."""
    rows: list[tuple[str, ast.Call]] = []
    without: set[int] = set()
    tables: set[str] = set()
    body = parse(text).body
    for node in body:
        for name, call, unit in _rows(node) if isinstance(node, ast.Assign | ast.AnnAssign) else ():
            rows.append((name, call))
            without |= unit
            tables |= _defined(node)
    if not rows:
        return Table(str(module(text)), module(text).names)

    codes = [_written(node, without=without) for node in body]
    private = [bool(_defined(node)) and all(re.match(r"_[^_]", name) for name in _defined(node)) for node in body]
    helpers = [(name, i) for i, node in enumerate(body) if private[i] for name in _defined(node)]

    def with_helpers(used: set[str]) -> set[int]:
        """The places of the helpers that stand behind these names, those that these use, and so on."""
        found: set[int] = set()
        while more := {i for name, i in helpers if name in used} - found:
            found |= more
            used = used.union(*(codes[i].used for i in more))
        return found

    kept = {i for i in range(len(body)) if not private[i]}
    kept |= with_helpers(set().union(*(codes[i].used for i in kept)))
    made = []
    for name, call in rows:
        code = _written(call)
        own = with_helpers(code.used) - kept
        parts = [str(code), *(str(codes[i]) for i in sorted(own))]
        made.append(Row(_called(call), name, "\n".join(parts), union([code.names, *(codes[i].names for i in own)])))
    rest = [codes[i] for i in sorted(kept)]
    return Table("\n".join(map(str, rest)), union(code.names for code in rest), tuple(made), frozenset(tables))


def _rows(table: ast.stmt) -> Iterator[tuple[str, ast.Call, set[int]]]:
    """The rows of a table: name, call, and the nodes that a row is in the table."""
    for node in ast.walk(table):
        pairs: Iterable[tuple[ast.expr | None, ast.expr]] = ()
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Tuple | ast.List):
            pairs = [(None, value) for value in node.elts]
        for key, value in pairs:
            if isinstance(value, ast.Call) and _called(value) in ROWS:
                name = constant(key) if isinstance(node, ast.Dict) else _name(value)
                if name is not None:
                    yield name, value, {id(key), id(value)}


def _defined(node: ast.stmt) -> set[str]:
    if isinstance(node, _DEFINITIONS):
        return {node.name}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id for target in targets if isinstance(target, ast.Name)}
