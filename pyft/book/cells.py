"""The cells of a page: their tags and the lines under which they fold, and folds one after the other made one."""

from collections.abc import Sequence
from typing import Any

FOLDED_ALREADY = {"hide-cell", "hide-input", "remove-cell", "remove-input"}


def text(cell: Any) -> str:
    """The source of a cell, which a file may hold line by line."""
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def tags(cell: Any) -> set[str]:
    return set(cell["metadata"].get("tags", []))


def mystnb(cell: Any) -> dict[str, Any]:
    return dict(cell["metadata"].get("mystnb", {}))


def line(said: str) -> dict[str, str]:
    return {"code_prompt_show": said, "code_prompt_hide": said}


def joined(cells: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The cells with those that are folded one after the other under one line, as long as nothing shows between."""
    made: list[dict[str, Any]] = []
    for cell in cells:
        if made and _joins(made[-1], cell):
            before = made.pop()
            names = dict.fromkeys(name[0].lower() + name[1:] for name in (_named(before), _named(cell)))
            said = ", ".join(names)
            said = said if len(said) < 60 else f"setup and {[*names][-1]}"
            cell = cell | {
                "source": f"{text(before)}\n\n{text(cell)}",
                "outputs": before["outputs"] + cell["outputs"],
                "metadata": cell["metadata"]
                | {
                    "tags": sorted(tags(before) | tags(cell)),
                    "mystnb": mystnb(cell) | line(said[:1].upper() + said[1:]),
                },
            }
        made.append(cell)
    return made


def _joins(before: Any, cell: Any) -> bool:
    """Whether both are folded, and the first has no output but glued figures, which show in the text alone."""
    plain = all(tags(c) & FOLDED_ALREADY == {"hide-input"} and "hide-output" not in tags(c) for c in (before, cell))
    figure = "figure" in mystnb(cell) or "figure" in mystnb(before)
    glued = [o for o in before.get("outputs", []) if "scrapbook" in o.get("metadata", {})]
    shown = len(before.get("outputs", [])) > len(glued)
    return plain and not shown and not (figure and glued)


def _named(cell: Any) -> str:
    return str(mystnb(cell).get("code_prompt_show", "Code"))
