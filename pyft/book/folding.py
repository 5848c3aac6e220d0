"""What of a page's code is plumbing, and how it is folded away on the page; the notebook itself stays plain.

Plumbing is what a reader who wants to understand can skip: imports, tables, plots, records, and whatever only serves
them. A statement that trains, computes or proves is none, nor is one whose result such a statement uses.
"""

import ast
import copy
import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

EVIDENCE = {"agree", "bench", "claim", "expect", "glue", "origin", "published", "record", "results", "select"}
DRAWING = ("matplotlib", "pyft.plots", "seaborn")
# The matter of the book: calls into these modules, and calls of these names wherever they are.
MATTER = (
    "pyft.data", "pyft.finetune", "pyft.maths", "pyft.models", "pyft.pretraining", "sklearn", "torch", "transformers",
)  # fmt: skip
SHOWN = {"check", "fit", "print", "prove", "prove_all", "reveal", "run", "show", "train"}
SEEDING = {"manual_seed", "set_seed"}
FOLDED_ALREADY = {"hide-cell", "hide-input", "remove-cell", "remove-input"}


@dataclass
class Part:
    """A statement of a page: where it is, what it defines, uses and calls, and whether it is plumbing."""

    cell: int
    first: int  # line of its cell, with the comments above it
    last: int
    source: str  # without them
    node: ast.stmt
    defines: set[str]
    uses: set[str]
    calls: set[str]  # by their full names, as far as imports tell
    plumbing: bool = False


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
    for part in found:
        part.plumbing = _is_plumbing(part, canvas)
    while more := [part for part in found if not part.plumbing and _serves_plumbing(part, found)]:
        for part in more:
            part.plumbing = True
    for index in {part.cell for part in found if isinstance(part.node, ast.Import | ast.ImportFrom)}:
        left = [part for part in found if part.cell == index and not part.plumbing]
        if all(part.calls and {call.split(".")[-1] for call in part.calls} <= SEEDING for part in left):
            for part in left:  # a seed among imports; elsewhere it teaches
                part.plumbing = True
    return found


def text(cell: Any) -> str:
    """The source of a cell, which a file may hold line by line."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


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
    """How many lines of plumbing the page shows, and how many lines of code."""
    cells = folded(notebook)["cells"]
    shown = [part for part in parts(cells) if not _tags(cells[part.cell]) & FOLDED_ALREADY]
    lines = [(part.last - part.first + 1, part.plumbing) for part in shown]
    return sum(n for n, plumbing in lines if plumbing), sum(n for n, _ in lines)


def fold_on_page(app: Any, page: str, content: list[str]) -> None:
    """Fold the plumbing of a chapter when Sphinx reads it."""
    if app.env.doc2path(page).endswith(".ipynb"):
        content[0] = json.dumps(folded(json.loads(content[0])))


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


def _serves_plumbing(part: Part, found: Sequence[Part]) -> bool:
    """Whether it teaches nothing, and all that it leaves behind goes into plumbing."""
    if _teaches(part) or not part.defines:
        return False
    users = [other for other in found if other is not part and other.uses & part.defines]
    return bool(users) and all(user.plumbing for user in users)


def _tags(cell: Any) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def _pieces(cell: dict[str, Any], known: Sequence[Part]) -> list[dict[str, Any]]:
    """A cell in up to three: plumbing, what teaches, plumbing. The last has the outputs."""
    if cell["cell_type"] != "code" or not known:
        return [cell]
    if _tags(cell) & FOLDED_ALREADY:
        return [cell | {"metadata": cell["metadata"] | {"mystnb": _line(_told(known)) | _mystnb(cell)}}]
    teaching = [i for i, part in enumerate(known) if not part.plumbing]
    start, end = (teaching[0], teaching[-1] + 1) if teaching else (len(known), len(known))
    lines = text(cell).split("\n")
    made = []
    for some, fold in ((known[:start], True), (known[start:end], False), (known[end:], True)):
        if some:
            source = "\n".join(lines[some[0].first - 1 : some[-1].last]).strip("\n")
            made.append(cell | {"source": source, "outputs": [], "metadata": dict(cell["metadata"])})
            if fold:
                _fold(made[-1], some, last=some[-1] is known[-1])
    for number, piece in enumerate(made[:-1]):
        piece["id"] = f"{cell['id']}-{number}"
    made[-1]["outputs"] = cell["outputs"]
    drawn = any(_of(call, DRAWING) for part in known[end:] for call in part.calls)
    printed = any(call.split(".")[-1] in SHOWN for part in known[start:end] for call in part.calls)
    if teaching and end < len(known) and printed and not drawn:
        made[-1]["outputs"], made[-2]["outputs"] = [], cell["outputs"]  # printed by what stays open
    return made


def _fold(piece: dict[str, Any], known: Sequence[Part], last: bool) -> None:
    """Hide the source, under one line that says what it is. A bare `import pyft` is not shown at all.

    Where the output is hidden too, both lie under one line, the cell's own if it has one.
    """
    sources = [ast.unparse(part.node) for part in known]
    metadata = piece["metadata"]
    whole = last and "hide-output" in _tags(piece)
    fold = "remove-cell" if sources == ["import pyft"] else "hide-cell" if whole else "hide-input"
    metadata["tags"] = [*(tag for tag in metadata.get("tags", []) if not whole or tag != "hide-output"), fold]
    own = _mystnb(piece).get("code_prompt_show") if whole else None
    metadata["mystnb"] = _mystnb(piece) | _line(
        "Parameters" if "parameters" in metadata["tags"] else own or _told(known)
    )


def _mystnb(cell: Any) -> dict[str, Any]:
    return dict(cell["metadata"].get("mystnb", {}))


def _line(said: str) -> dict[str, str]:
    return {"code_prompt_show": said, "code_prompt_hide": said}


def _told(known: Sequence[Part]) -> str:
    """What a folded cell is, as the line says that it is folded under."""
    calls = {call for part in known for call in part.calls}
    if any(call.split(".")[-1] == "reveal" for call in calls):
        return "Solution"
    if any(call.split(".")[-1] == "ledger" for call in calls):
        return "What this page has proven"
    if any(call == "pyft.plots.table" for call in calls):
        return "Code for this table"
    if any(_of(call, DRAWING) and not call.endswith(".style") for call in calls):
        return "Code for this figure"
    if any(call.split(".")[-1] in {"expect", "record", "claim"} for call in calls):
        return "Code that keeps these figures and holds them"
    if any(call.split(".")[-1] == "glue" for call in calls):
        return "Code for the numbers in the text"
    if any(call.split(".")[-1] in {"prove", "prove_all"} for call in calls):
        return "Code that proves this"
    if all(isinstance(part.node, ast.Assert) for part in known):
        return "A check"
    if any(call.split(".")[-1] == "show" for call in calls):
        return "Its source"
    return "Setup" if all(part.plumbing for part in known) else "Code"
