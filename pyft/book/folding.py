"""What of a page's code is plumbing, and how it is folded away on the page; the notebook itself stays plain.

Plumbing is what a reader who wants to understand can skip: imports, tables, plots, records, and whatever only serves
them. A statement that trains, computes or proves is none, nor is one whose result such a statement uses.

What a page folds is nearly the same, and decided apart, because on what is plumbing depends which code has measured a
record (`pyft.book.freshness.measured_by`): a better page must not make a record one of other code.
"""

import ast
import copy
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyft.book.cells import FOLDED_ALREADY, joined, line, mystnb, tags, text

KEEPING = {"claim", "expect", "glue", "record"}
EVIDENCE = KEEPING | {"agree", "bench", "origin", "published", "results", "select"}
DRAWING = ("matplotlib", "pyft.plots", "seaborn")
# The matter of the book: calls into these modules, and calls of these names wherever they are.
MATTER = (
    "pyft.data", "pyft.finetune", "pyft.maths", "pyft.models", "pyft.pretraining", "sklearn", "torch", "transformers",
)  # fmt: skip
SHOWN = {"check", "fit", "print", "prove", "prove_all", "reveal", "run", "show", "train"}
SEEDING = {"manual_seed", "set_seed"}
TRAINING = ("pyft.finetune", "pyft.pretraining")
RUNS = "The stored runs"
FEW = 4  # lines between two folds that are not worth a frame of their own


@dataclass
class Part:
    """A statement of a page: where it is, what it defines, uses and calls, whether it is plumbing and is folded."""

    cell: int
    first: int  # line of its cell, with the comments above it
    last: int
    source: str  # without them
    node: ast.stmt
    defines: set[str]
    uses: set[str]
    calls: set[str]  # by their full names, as far as imports tell
    plumbing: bool = False
    folds: bool = False
    through: set[str] = field(default_factory=set)  # what the page's own functions that it calls call

    @property
    def lines(self) -> int:
        return self.last - self.first + 1


def parts(cells: Sequence[Any]) -> list[Part]:
    """The statements of a notebook's code cells, in their order."""
    found: list[Part] = []
    names: dict[str, str] = {}
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "code":
            last = 0
            for node in ast.parse(source := text(cell)).body:
                names |= _imported(node)
                found.append(_part(index, last + 1, ast.get_source_segment(source, node) or "", node, names))
                last = found[-1].last
    canvas = {name for part in found if "matplotlib.pyplot.subplots" in part.calls for name in part.defines}
    for part in found:  # a loop over axes
        if isinstance(part.node, ast.For) and canvas >= {
            n.id for n in ast.walk(part.node.iter) if isinstance(n, ast.Name)
        }:
            canvas |= {n.id for n in ast.walk(part.node.target) if isinstance(n, ast.Name)}
    plumbing = _closed(found, {n for n, part in enumerate(found) if _is_plumbing(part, canvas)})
    folds = _closed(found, {n for n, part in enumerate(found) if _is_folded(part, canvas)}, plumbing)
    own = {part.node.name: part.calls for part in found if isinstance(part.node, ast.FunctionDef)}
    for number, part in enumerate(found):
        part.plumbing, part.folds = number in plumbing, number in folds
        part.through = set().union(*(own[call] for call in part.calls & own.keys()))
    return found


def _closed(found: Sequence[Part], chosen: set[int], among: Collection[int] | None = None) -> set[int]:
    """The numbers of chosen statements, of those that only serve them, and of seeds among imports.

    Where only statements of some numbers may serve them, a dictionary may too: it is put together to be kept.
    """
    may = {n for n, part in enumerate(found) if among is None or n in among or _is_dictionary(part)}
    while more := {n for n in may - chosen if _serves(found[n], found, chosen)}:
        chosen |= more
    for index in {part.cell for part in found if isinstance(part.node, ast.Import | ast.ImportFrom)}:
        left = {n: part for n, part in enumerate(found) if part.cell == index and n not in chosen}
        if all(part.calls and {call.split(".")[-1] for call in part.calls} <= SEEDING for part in left.values()):
            chosen |= left.keys()  # elsewhere a seed teaches
    return chosen


def folded(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook as its page shows it: plumbing at the start or end of a cell is a cell of its own, and folded."""
    notebook = copy.deepcopy(notebook)
    known = parts(notebook["cells"])
    notebook["cells"] = [
        piece
        for index, cell in enumerate(notebook["cells"])
        for piece in _pieces(cell, [part for part in known if part.cell == index])
    ]
    return notebook


def visible(notebook: dict[str, Any]) -> tuple[int, int]:
    """How many lines that should be folded the page shows, and how many lines of code."""
    cells = folded(notebook)["cells"]
    shown = [part for part in parts(cells) if not tags(cells[part.cell]) & FOLDED_ALREADY]
    return sum(part.lines for part in shown if part.folds), sum(part.lines for part in shown)


def fold_on_page(app: Any, page: str, content: list[str]) -> None:
    """Fold the plumbing of a chapter when Sphinx reads it."""
    if app.env.doc2path(page).endswith(".ipynb"):
        notebook = folded(json.loads(content[0]))
        content[0] = json.dumps(notebook | {"cells": joined(notebook["cells"])})


def setup(app: Any) -> dict[str, Any]:
    """Join Sphinx, as one of its extensions."""
    app.connect("source-read", fold_on_page)
    return {"parallel_read_safe": True}


def _imported(node: ast.stmt) -> dict[str, str]:
    match node:
        case ast.Import(names=names):
            return {a.asname or a.name.split(".")[0]: a.name if a.asname else a.name.split(".")[0] for a in names}
        case ast.ImportFrom(module=str(module), names=names):
            return {a.asname or a.name: f"{module}.{a.name}" for a in names}
    return {}


def _part(cell: int, first: int, source: str, node: ast.stmt, names: dict[str, str]) -> Part:
    loads = {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    calls = {_full(n.func, names) for n in ast.walk(node) if isinstance(n, ast.Call)}
    return Part(cell, first, node.end_lineno or first, source, node, set(_defined(node)), loads, calls - {""})


def _defined(node: ast.stmt) -> Iterator[str]:
    """The variables that a statement leaves behind, those of a loop or of a list that it fills too."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
        return
    for n in ast.walk(node):
        match n:
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="append" | "extend" | "update")):
                yield name


def _full(function: ast.expr, names: dict[str, str]) -> str:
    """`plots.table` as `pyft.plots.table`; of a method of something computed, its name alone."""
    match function:
        case ast.Name(id=name):
            return names.get(name, name)
        case ast.Attribute(value=value, attr=attr):
            return f"{_full(value, names)}.{attr}".lstrip(".")
    return ""


def _of(call: str, modules: Collection[str]) -> bool:
    return any(call == module or call.startswith(f"{module}.") for module in modules)


def _is_plumbing(part: Part, canvas: set[str]) -> bool:
    """An import, a parameter, or a statement that draws, keeps evidence or asserts it, and teaches nothing."""
    if isinstance(part.node, ast.Import | ast.ImportFrom):
        return True
    if isinstance(part.node, ast.FunctionDef | ast.ClassDef) or _teaches(part):
        return False
    if isinstance(part.node, ast.Assert):
        return True
    if isinstance(part.node, ast.Assign) and part.defines <= {"PROFILE", "SEED"}:
        return True
    return any(
        _of(call, DRAWING) or call.split(".")[-1] in EVIDENCE or call.split(".")[0] in canvas for call in part.calls
    )


def _teaches(part: Part) -> bool:
    return any(_of(call, MATTER) or (call.split(".")[-1] in SHOWN and not _of(call, DRAWING)) for call in part.calls)


def _serves(part: Part, found: Sequence[Part], chosen: Collection[int]) -> bool:
    """Whether it teaches nothing, and all that it leaves behind goes into chosen statements."""
    if _teaches(part) or not part.defines:
        return False
    users = [n for n, other in enumerate(found) if other is not part and other.uses & part.defines]
    return bool(users) and all(n in chosen for n in users)


def _is_dictionary(part: Part) -> bool:
    return isinstance(part.node, ast.Assign) and isinstance(part.node.value, ast.Dict | ast.DictComp)


def _is_folded(part: Part, canvas: set[str]) -> bool:
    """Plumbing, but for a draw from a data set, and whatever a statement hands to `record` or `expect`."""
    call = part.node.value if isinstance(part.node, ast.Assign | ast.Expr) else None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in KEEPING:
        return True
    others = {call for call in part.calls if call.split(".")[-1] != "select" or call == "pyft.evidence.select"}
    return _is_plumbing(replace(part, calls=others), canvas)


def _pieces(cell: dict[str, Any], known: Sequence[Part]) -> list[dict[str, Any]]:
    """A cell in up to three: what is folded, what stays open, what is folded. The last has the outputs."""
    if cell["cell_type"] != "code" or not known:
        return [cell]
    if tags(cell) & FOLDED_ALREADY:
        return [cell | {"metadata": cell["metadata"] | {"mystnb": line(_told(known)) | mystnb(cell)}}]
    if _calls(known, {"ledger"}):
        hidden = [*cell["metadata"].get("tags", []), "hide-output"]
        cell = cell | {"metadata": cell["metadata"] | {"tags": hidden}}
        start = end = len(known)
    else:
        start, end = _open(known)
    lines = text(cell).split("\n")
    made = []
    for some, fold in ((known[:start], True), (known[start:end], False), (known[end:], True)):
        if some:
            source = "\n".join(lines[some[0].first - 1 : some[-1].last]).strip("\n")
            made.append(cell | {"source": source, "outputs": [], "metadata": dict(cell["metadata"])})
            if fold:
                _fold(made[-1], some, whole=len(some) == len(known), last=some[-1] is known[-1])
    for number, piece in enumerate(made[:-1]):
        piece["id"] = f"{cell['id']}-{number}"
    made[-1]["outputs"] = cell["outputs"]
    drawn = any(_of(call, DRAWING) for part in known[end:] for call in part.calls)
    if start < end < len(known) and _calls(known[start:end], SHOWN) and not drawn:
        made[-1]["outputs"], made[-2]["outputs"] = [], cell["outputs"]  # printed by what stays open
    return made


def _open(known: Sequence[Part]) -> tuple[int, int]:
    """Which statements of a cell stay open, first and end: none, or a frame around a line or two helps nobody.

    So what lies between two folds, or beside one, is folded with it if it is short, or part of a drawing, and neither
    shows nor trains; and a line or two without a name of their own, or that take up stored runs, stay open beside what
    is open.
    """
    teaching = [i for i, part in enumerate(known) if not part.folds]
    if not teaching:
        return len(known), len(known)
    start, end = teaching[0], teaching[-1] + 1
    before, among, after = known[:start], known[start:end], known[end:]
    length = sum(part.lines for part in among)
    silent = not _calls(among, SHOWN) and not any(_of(call, TRAINING) for part in among for call in part.calls)
    alone = len(among) == 1 and isinstance(among[0].node, ast.Assign) and length == 1
    short = length <= FEW or all("Code for this figure" in _name(some) for some in (before, after))
    if silent and ((alone and (before or after)) or (short and before and after)):
        return len(known), len(known)
    nameless = [
        bool(some) and sum(p.lines for p in some) <= 2 and _name(some) in {"", RUNS} for some in (before, after)
    ]
    return 0 if nameless[0] else start, len(known) if nameless[1] else end


def _calls(known: Sequence[Part], names: Collection[str]) -> bool:
    return any(call.split(".")[-1] in names for part in known for call in part.calls)


def _fold(piece: dict[str, Any], known: Sequence[Part], whole: bool, last: bool) -> None:
    """Hide the source, under one line that says what it is. A bare `import pyft` is not shown at all.

    Where the output is hidden too, both lie under one line. A cell's own line names it, if all of it is folded or its
    output is.
    """
    sources = [ast.unparse(part.node) for part in known]
    metadata = piece["metadata"]
    both = last and "hide-output" in tags(piece)
    fold = "remove-cell" if sources == ["import pyft"] else "hide-cell" if both else "hide-input"
    metadata["tags"] = [*(tag for tag in metadata.get("tags", []) if not both or tag != "hide-output"), fold]
    own = mystnb(piece).get("code_prompt_show") if both or whole else None
    metadata["mystnb"] = mystnb(piece) | line("Parameters" if "parameters" in metadata["tags"] else own or _told(known))


def _told(known: Sequence[Part]) -> str:
    """What a folded cell is, as the line says that it is folded under."""
    return _name(known) or ("Setup" if all(part.folds for part in known) else "Code")


def _name(known: Sequence[Part]) -> str:
    """A name by what is called, by the page's own functions too; empty if that says nothing."""
    calls = {call for part in known for call in part.calls | part.through}
    last = {call.split(".")[-1] for call in calls}
    defines = all(isinstance(part.node, ast.FunctionDef | ast.ClassDef) for part in known)
    names = {
        "Solution": "reveal" in last,
        "What this page has proven": "ledger" in last,
        "Code for this table, and the record of this run": {"pyft.plots.table", "pyft.evidence.record"} <= calls,
        "Code for this table": "pyft.plots.table" in calls,
        "Code for this figure": any(_of(call, DRAWING) and not call.endswith(".style") for call in calls),
        "Code that keeps these figures and holds them": last & {"expect", "record", "claim"},
        "Code for the numbers in the text": "glue" in last,
        "Code that proves this": last & {"prove", "prove_all"},
        _imports(known, calls): True,
        _check(known): True,
        _source(known): True,
        RUNS: _stored(calls),
        "Functions that the page uses": defines,
    }
    return next((name for name, so in names.items() if name and so), "")


def _imports(known: Sequence[Part], calls: Collection[str]) -> str:
    if not any(isinstance(part.node, ast.Import | ast.ImportFrom) for part in known):
        return ""
    defined = any(isinstance(part.node, ast.FunctionDef | ast.ClassDef) for part in known)
    more = {"stored runs": _stored(calls), "data": "pyft.data.load" in calls, "functions": defined}
    return " and ".join(["Imports", *[name for name, so in more.items() if so][:1]])


def _stored(calls: Collection[str]) -> bool:
    return bool({"pyft.benchmarks.experiment.bench", "pyft.evidence.results"} & set(calls))


def _check(known: Sequence[Part]) -> str:
    return "A check" if all(isinstance(part.node, ast.Assert) for part in known) else ""


def _source(known: Sequence[Part]) -> str:
    shown = [part.node.value for part in known if isinstance(part.node, ast.Expr)]
    objects = [ast.unparse(c.args[0]) for c in shown if isinstance(c, ast.Call) and ast.unparse(c.func) == "show"]
    return f"Source of {' and '.join(objects)}" if len(objects) == len(known) else ""
