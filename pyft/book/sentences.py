"""What is glued into a page is bold, as figures are; a whole sentence is not: it reads as the text around it.

A Sphinx extension. `book.css` sets the class that it gives.
"""

from typing import Any

from docutils import nodes

SENTENCE = "sentence"


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.connect("doctree-resolved", mark)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def mark(app: Any, doctree: nodes.document, page: str) -> None:
    """Give glued text the class `sentence` if it ends as one does, or is several words alone in their paragraph."""
    for node in doctree.findall(nodes.inline):
        if "pasted-text" in node["classes"]:
            text, alone = node.astext(), isinstance(node.parent, nodes.paragraph) and len(node.parent) == 1
            if (alone and " " in text) or text.endswith((".", ".)")):
                node["classes"].append(SENTENCE)
