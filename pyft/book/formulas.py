"""Formulas as MathML, made when the book is built: a reader's browser needs no script for them.

A Sphinx extension. The font that MathML is drawn with, STIX Two Math, lies in `book/_static`.
"""

import re
from typing import Any
from xml.etree import ElementTree

from latex2mathml.converter import convert

LEFT_OVER = re.compile(r"\\[A-Za-z]+")
FUNCTION = re.compile(
    r"(</\w+>)?(?<!<msub>)(?<!<msup>)<mi>(arg|cos|exp|ln|log|max|min|tanh)</mi>(<mo stretchy=.false.>)?"
)
NAMED = re.compile(r"(?<!<munder>)(?<!<msub>)<mo>(max|min|Beta)</mo>")  # which as an operator would have room around it
OPERATOR = re.compile(r"<mi>(&#x0(?:00B1|27F[5-A]|219[0-4]|21D[0-4]);)</mi>")  # plus or minus, and arrows
# A minus with nothing before it to be taken from, and bars, which have a left and a right one.
SIGN = re.compile(r"(<m(?:row|td)[^>]*>|<mo[^>]*>&#x000(?:28|2C|3D|3C|3E|5B);</mo>)<mo>&#x02212;</mo>")
AHEAD = re.compile(r"[.,;:)]+")  # what ends a clause does not begin a line
ROOM = 14  # as many em as a display formula has on a phone, beside its number
THIN = '<mspace width="0.17em" />'
MEANT = {r"\arg": r"\operatorname{arg}"}  # what latex2mathml does not know
SHOWN = {  # what it writes as a letter, or so that it grows with what stands beside it
    "<mi>&#x0007E;</mi>": "<mo>&#x0223C;</mo>",
    "<mo>&#x02016;</mo>": '<mo fence="true" stretchy="false">&#x02016;</mo>',
}


def setup(app: Any) -> dict[str, Any]:
    """Be called by Sphinx, which reads the extension's name in `_config.yml`."""
    app.add_html_math_renderer("mathml", (visit_inline, None), (visit_block, None))
    app.connect("doctree-resolved", keep_together)
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
    for wrong, right in SHOWN.items():
        made = made.replace(wrong, right)
    made = OPERATOR.sub(r"<mo>\1</mo>", made)
    made = SIGN.sub(r'\1<mo form="prefix">&#x02212;</mo>', NAMED.sub(r"<mi>\1</mi>", made))
    return FUNCTION.sub(_spaced, made)


def width(formula: Any) -> float:
    """How wide a formula is, about, in em: what stands in a small size counts for less, rows for the widest."""
    inside = [width(part) for part in formula]
    match formula.tag.rpartition("}")[2]:
        case "mfrac" | "munder" | "mover" | "munderover" | "mtable":
            return max(inside, default=0.0)
        case "msub" | "msup" | "msubsup":
            return inside[0] + 0.7 * max(inside[1:])
        case "mo":
            return 0.6 * len(formula.text or "") + (0.5 if formula.text in set("=+\u2212<>\u2264\u2265\u2208") else 0)
        case "mspace":
            found = re.fullmatch(r"([\d.]+)em", formula.get("width", ""))
            return float(found[1]) if found else 0.0  # the others have names, and are narrow
    return sum(inside) + 0.52 * len((formula.text or "").strip())


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
    made = block and formula.startswith("<math")
    wide = " wide" if made and width(ElementTree.fromstring(formula)) > ROOM else ""  # noqa: S314 (made here)
    after = "" if block else node.get("after", "")
    if after:
        translator.body.append('<span style="white-space:nowrap">')
    translator.body.append(translator.starttag(node, tag, "", CLASS=f"math notranslate nohighlight{wide}", **options))
    if block and node["number"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append(f"{formula}</{tag}>" + (f"{after}</span>" if after else ""))
    raise SkipNode


def keep_together(app: Any, doctree: Any, page: str = "") -> None:
    """Give each formula of a line the signs that follow it, taken from the text: they must not begin a line."""
    from docutils.nodes import Text, math

    for node in list(doctree.findall(math)):
        following = node.next_node(descend=False, siblings=True)
        if isinstance(following, Text) and (found := AHEAD.match(following)):
            node["after"] = found[0]
            node.parent[node.parent.index(node) + 1] = Text(following[found.end() :])
