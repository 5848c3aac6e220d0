"""Formulas as MathML, made when the book is built: a reader's browser needs no script for them.

A Sphinx extension. The font that MathML is drawn with, STIX Two Math, lies in `book/_static`.
"""

import re
from typing import Any

from latex2mathml.converter import convert

LEFT_OVER = re.compile(r"\\[A-Za-z]+")
FUNCTION = re.compile(
    r"(</\w+>)?(?<!<msub>)(?<!<msup>)<mi>(arg|cos|exp|ln|log|max|min|tanh)</mi>(<mo stretchy=.false.>)?"
)
THIN = '<mspace width="0.17em" />'
MEANT = {r"\arg": r"\operatorname{arg}"}  # what latex2mathml does not know


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(tex: str, block: bool = False) -> str:
    """A formula of LaTeX as one `<math>` element, which keeps its source as an annotation.

    Raises:
        ValueError: it holds a command that latex2mathml does not know.
    """
    known = re.sub(r"\\[A-Za-z]+", lambda found: MEANT.get(found[0], found[0]), tex)
    known = known.replace("{aligned}", "{split}")  # which latex2mathml knows, and is the same
    made = convert(known, display="block" if block else "inline")
    if unknown := LEFT_OVER.findall(made.replace("&#x0005C;", "\\")):
        raise ValueError(f"{', '.join(unknown)} cannot be made into MathML; write it in another way: {tex}")
    if ("<mi>&" in made and re.search(r"<mi>&(?:amp|#x0*26);", made)) or 'linebreak="newline"' in made:
        raise ValueError(f"rows or columns outside of a table that can be made into MathML: {tex}")
    return FUNCTION.sub(_spaced, made)


def _spaced(found: re.Match[str]) -> str:
    """A function's name, apart from what stands beside it: LaTeX does so, and latex2mathml does not."""
    before, name, bracket = found.groups(default="")
    left = THIN if before and before != "</mo>" else ""
    return f"{before}<mrow>{left}<mi>{name}</mi>{'' if bracket else THIN}</mrow>{bracket}"


def visit_inline(translator: Any, node: Any) -> None:
    """Write a formula in a line."""
    _write(translator, node, "span", block=False)


def visit_block(translator: Any, node: Any) -> None:
    """Write a formula that stands alone, with its number if it has one."""
    _write(translator, node, "div", block=True)


def _write(translator: Any, node: Any, tag: str, block: bool) -> None:
    from docutils.nodes import SkipNode
    from sphinx.util import logging
    from sphinx.util.math import get_node_equation_number

    try:
        formula = mathml(node.astext(), block)
    except Exception as error:  # what latex2mathml raises has no common class
        logging.getLogger(__name__).warning("formula: %s", error, location=node)
        formula = translator.encode(node.astext())
    # A formula that is wider than its column scrolls, and must then be reached by the keyboard too.
    options = {"tabindex": "0"} if block else {}
    translator.body.append(translator.starttag(node, tag, "", CLASS="math notranslate nohighlight", **options))
    if block and node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{formula}</{tag}>")
    raise SkipNode
