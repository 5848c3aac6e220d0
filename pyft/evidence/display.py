"""Show a page what it speaks of: source code, tables of symbols, and figures for its prose."""

import inspect
import re
from typing import Any

from IPython.display import Markdown, display

from pyft.maths import symbols as symbols_module

POWER = re.compile(r"(?<!\w)(\d(?:\.\d+)?)e([-+])(\d\d)(?!\w)")  # as Python writes it: 4.1e-07
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def show(obj: Any) -> None:
    """Display the source of a class or function, so that a page's code is the package's code, written once."""
    display(Markdown(f"```python\n{inspect.getsource(obj).rstrip()}\n```"))


def symbols(topic: str) -> None:
    """Display the table of a topic's symbols: letter, name in code, shape, meaning."""
    display(Markdown(symbols_module.markdown(topic)))


def glue(**values: str) -> None:
    """Store texts in this cell's output, for prose to take up with the role {glue:text}: prose types no figure.

    Figures in them are set as in print: see `typeset`.
    """
    prefix = "application/papermill.record/"
    for name, value in values.items():
        metadata_ = {"scrapbook": {"name": name, "mime_prefix": prefix}}
        display({f"{prefix}text/plain": repr(typeset(value))}, metadata=metadata_, raw=True)


def typeset(text: str) -> str:
    """A text whose figures are set as in print: a true minus, powers of ten raised, no line's end before a `%`."""
    text = POWER.sub(lambda f: f"{f[1]} · 10{str(int(f[2] + f[3])).translate(RAISED)}".replace(" ", "\xa0"), text)
    text = re.sub(r"(?<![\w)])-(?=\.?\d)", "−", text)
    return re.sub(r"(?<=\d) %", "\xa0%", text)
