"""Show a page what it speaks of: source code, tables of symbols, and figures for its prose."""

import inspect
from typing import Any

from IPython.display import Markdown, display

from pyft.maths import symbols as symbols_module


def show(obj: Any) -> None:
    """Display the source of a class or function, so that a page's code is the package's code, written once."""
    display(Markdown(f"```python\n{inspect.getsource(obj).rstrip()}\n```"))


def symbols(topic: str) -> None:
    """Display the table of a topic's symbols: letter, name in code, shape, meaning."""
    display(Markdown(symbols_module.markdown(topic)))


def glue(**values: str) -> None:
    """Store texts in this cell's output, for prose to take up with the role {glue:text}: prose types no figure."""
    prefix = "application/papermill.record/"
    for name, value in values.items():
        metadata_ = {"scrapbook": {"name": name, "mime_prefix": prefix}}
        display({f"{prefix}text/plain": repr(value)}, metadata=metadata_, raw=True)
