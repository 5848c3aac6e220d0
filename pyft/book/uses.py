"""What a source uses of pyft's names, read off its syntax tree: what it imports, calls, subscripts and shows."""

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache

Chain = tuple[str, ...]  # ("pyft", "data", "load")
Bindings = Mapping[str, set[Chain]]
SHOWING = {"show", "getsource", "getdoc", "help"}  # what displays the source of its argument


@dataclass(frozen=True)
class Use:
    """One use of a name of the package."""

    chain: Chain
    how: str  # import, call, subscript, name (any other use), shown (an argument of `show`), shows (what, is unknown)
    given: str | None  # the literal in the call or the subscript; None for anything else
    where: str  # "pyft/data/corpora.py, line 3"
    sure: bool = True  # False: the source binds the same name to something else too


@cache
def parse(text: str) -> ast.Module:
    """The syntax tree of a text, which nobody may change."""
    return ast.parse(text)


@cache
def nodes(text: str) -> tuple[ast.AST, ...]:
    """All nodes of a text's syntax tree."""
    return tuple(ast.walk(parse(text)))


SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


def own(roots: Iterable[ast.AST], closed: tuple[type[ast.AST], ...] = SCOPES) -> Iterator[ast.AST]:
    """The nodes of one scope: what lies inside of functions and comprehensions is left out, they themselves are not."""
    for node in roots:
        yield node
        if not isinstance(node, closed):
            yield from own(ast.iter_child_nodes(node), closed)


def constant(node: ast.AST | None) -> str | None:
    """The text that a node is the literal of, if it is one."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


# --- what names stand for ---------------------------------------------------------------------------------------------


def bindings(found: Iterable[ast.AST], package: Chain = ()) -> dict[str, set[Chain]]:
    """What the import statements among these nodes bind to names of pyft; `package` is the folder they lie in."""
    names: dict[str, set[Chain]] = defaultdict(set)
    for node in found:
        for alias, chain in _imported(node, package):
            if alias.name != "*":
                plain = isinstance(node, ast.Import) and not alias.asname
                names[alias.asname or (chain[0] if plain else alias.name)].add(chain[:1] if plain else chain)
    return names


def _imported(node: ast.AST, package: Chain) -> Iterator[tuple[ast.alias, Chain]]:
    """The names of pyft that an import statement asks for."""
    if isinstance(node, ast.Import):
        start: Chain = ()
    elif isinstance(node, ast.ImportFrom):
        start = tuple(node.module.split(".")) if node.module else ()
        if node.level:
            start = (*package[: len(package) - node.level + 1], *start)
    else:
        return
    for alias in node.names:
        chain = (*start, *(() if alias.name == "*" else alias.name.split(".")))
        if chain[0] == "pyft":
            yield alias, chain


def bound(found: Iterable[ast.AST]) -> set[str]:
    """Names that nodes bind otherwise: assigned, defined, or arguments."""
    names = set()
    for node in found:
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def constants(body: Iterable[ast.stmt]) -> dict[str, str]:
    """The texts that statements give names to: `CORPUS = "tweets"`."""
    return {
        target.id: value
        for node in body
        if isinstance(node, ast.Assign) and (value := constant(node.value)) is not None
        for target in node.targets
        if isinstance(target, ast.Name)
    }


# --- what is done with them -------------------------------------------------------------------------------------------


class _Uses(ast.NodeVisitor):
    """Collects the uses of names that are bound to pyft's."""

    def __init__(self, names: Bindings, others: set[str], texts: Mapping[str, str], where: str, package: Chain) -> None:
        self.names, self.others, self.texts, self.where, self.package = names, others, texts, where, package
        self.hidden: set[str] = set()  # by the variables of the functions around
        self.found: list[Use] = []

    def add(self, node: ast.expr, how: str, given: ast.expr | None = None) -> bool:
        """Enter the use of a dotted name; False if it is not one of pyft's."""
        attributes: list[str] = []
        start = node
        while isinstance(start, ast.Attribute):
            attributes.insert(0, start.attr)
            start = start.value
        if not isinstance(start, ast.Name) or start.id not in self.names or start.id in self.hidden:
            return False
        if not isinstance(start.ctx, ast.Load):
            return False
        sure = len(self.names[start.id]) == 1 and start.id not in self.others
        literal = self.texts.get(given.id) if isinstance(given, ast.Name) else constant(given)
        where = self.where.format(line=node.lineno)
        for chain in self.names[start.id]:
            self.found.append(Use((*chain, *attributes), how, literal, where, sure))
            if not sure and attributes:  # the object itself may be meant
                self.found.append(Use(chain, "name", None, where, sure))
        return True

    def visit_Call(self, node: ast.Call) -> None:
        arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        shown = name in SHOWING and bool(arguments) and self.add(arguments[0], "shown")
        how = "shows" if name in SHOWING and arguments and not shown else "call"
        if not self.add(node.func, how, arguments[0] if arguments else None):
            self.visit(node.func)
        for argument in arguments[shown:]:
            self.visit(argument)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not self.add(node.value, "subscript", node.slice):
            self.visit(node.value)
        self.visit(node.slice)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if not self.add(node, "name"):
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        self.add(node, "name")

    def visit(self, node: ast.AST) -> None:
        if not isinstance(node, SCOPES):
            super().visit(node)
            return
        outside: list[ast.AST] = []  # what is computed before the scope is entered
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            outside = [*getattr(node, "decorator_list", ()), *node.args.defaults, *filter(None, node.args.kw_defaults)]
        else:
            outside = [node.generators[0].iter]
        inside = [child for child in ast.iter_child_nodes(node) if child not in outside]
        nodes_inside = list(own(inside))
        elsewhere = {name for part in nodes_inside if isinstance(part, ast.Global) for name in part.names}
        before = self.hidden
        for part in outside:
            self.visit(part)
        self.hidden = before | (bound(nodes_inside) - set(bindings(nodes_inside, self.package)) - elsewhere)
        for part in inside:
            self.visit(part)
        self.hidden = before

    def visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        for alias, chain in _imported(node, self.package):
            how = "name" if alias.name == "*" else "import"
            self.found.append(Use(chain, how, None, self.where.format(line=node.lineno)))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.visit_Import(node)


@cache
def of_file(text: str, name: str, package: Chain) -> tuple[Use, ...]:
    """The uses in one file; `name` names it in errors, `package` is the folder that relative imports start from."""
    names, others = bindings(nodes(text), package), bound(own(parse(text).body))
    visitor = _Uses(names, others, constants(parse(text).body), name + ", line {line}", package)
    visitor.visit(parse(text))
    return tuple(visitor.found)


def of_cells(cells: Mapping[str, str]) -> list[Use]:
    """The uses in the cells of a page, by their names in errors; a name that one cell binds holds in all."""
    body = [node for text in cells.values() for node in parse(text).body]
    names = bindings(node for text in cells.values() for node in nodes(text))
    others, texts = bound(own(body)), constants(body)
    found = []
    for where, text in cells.items():
        visitor = _Uses(names, others, texts, where, ())
        visitor.visit(parse(text))
        found += visitor.found
    return found
