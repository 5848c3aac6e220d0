"""Numbers of figures, tables and equations: the number in the page's title, then a count on that page.

A Sphinx extension. Sphinx itself numbers by the table of contents; this book has the outline's numbers in its titles.
"""

import re
from typing import Any


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.connect("env-get-updated", renumber, priority=900)  # after Sphinx, at 500, has numbered
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def renumber(app: Any, env: Any) -> list[str]:
    """Number anew what Sphinx has numbered: "Figure 4.3.2" is the second of the page "4.3 Optimisers".

    Return the pages that are to be written again for it: none, since Sphinx has named those whose figures changed.
    """
    for page, kinds in env.toc_fignumbers.items():
        section = section_number(env.titles[page].astext())
        for numbers in kinds.values():
            for count, name in enumerate(sorted(numbers, key=numbers.__getitem__), start=1):
                numbers[name] = (*section, count)
    return []


def section_number(title: str) -> tuple[int, ...]:
    """The number that a title begins with: (4, 3) of "4.3 Optimisers", () of "Glossary"."""
    found = re.match(r"\d+(?:\.\d+)*(?=\s)", title)
    return tuple(map(int, found[0].split("."))) if found else ()
