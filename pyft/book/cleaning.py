"""Keep what is stable of a notebook's outputs."""

import copy
import json
import re
from typing import Any

import nbformat

from pyft.errors import PyftError

# Looked for in JSON, where a path at the start of a line comes after the two characters of an escaped line end.
PATHS = re.compile(r"(?:(?<![\w.:/<])|(?<=\\[nrt]))(?:/(?:work|root|tmp|home|Users|content)/[\w.-]+|[A-Z]:\\+Users)")


def clean(notebook: Any, name: str = "notebook") -> Any:
    """A copy without what differs from run to run: timings, papermill and widget metadata, progress bars, versions.

    Raises:
        PyftError: an output holds a path of this machine, which cleaning must not guess away.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        | {k: v for k, v in notebook.metadata.items() if k == "pyft"}
    )
    for index, cell in enumerate(notebook.cells):
        kept = {k: v for k, v in cell.metadata.items() if k in {"tags", "mystnb"}}
        cell.metadata = nbformat.from_dict(kept)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined([output for output in cell.outputs if not _is_noise(output)])
        for output in cell.outputs:
            for mime in [m for m in output.get("data", {}) if m.startswith("application/vnd.jupyter.widget")]:
                del output["data"][mime]
        found = PATHS.search(json.dumps([{**o, "data": _text_only(o)} for o in cell.outputs]))
        if found:
            raise PyftError(
                f"{name}, cell {index}: its output holds the path {found[0]} of this machine; "
                "print something that is the same elsewhere"
            )
    return notebook


def _text_only(output: Any) -> dict[str, Any]:
    return {mime: value for mime, value in output.get("data", {}).items() if not mime.startswith("image/")}


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs, a stream's pieces as one (a kernel may send a line and its newline apart), without blank streams."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return [output for output in joined if output.output_type != "stream" or output.text.strip()]


def _is_noise(output: Any) -> bool:
    """A progress bar, or a widget with nothing to show without a kernel."""
    if output.output_type == "stream":
        return bool(re.search(r"\d+%\|", output.text))
    return any(mime.startswith("application/vnd.jupyter.widget") for mime in output.get("data", {}))
