"""What all diagrams share: one sheet with boxes, cells, arrows and labels, in colours for light and dark."""

import html
import re
from collections.abc import Iterable, Sequence
from math import dist

from pyft.plots import PALETTE

WIDTH = 520  # a phone shows it 358 px wide, and then text of this SIZE is 11 px high
SIZE = 16
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

BLUE, VERMILION, GREEN, SKY = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[5]
KINDS = {  # what a colour means, on light and on dark; the neutral ones are those of the book's theme
    "ground": ("#ffffff", "#121212"),
    "ink": ("#222832", "#ced6dd"),
    "quiet": ("#48566b", "#9ca4af"),
    "body": (BLUE, SKY),  # what is there already: the pretrained body, what is seen
    "new": (VERMILION, VERMILION),  # what is new or asked for: the head, a target
    "right": (GREEN, GREEN),  # what is true, comes out right or goes through untouched
}
TINT = 0.14  # opacity of an area, so that ink is legible on it
SOLID = 0.8

Point = tuple[float, float]


def style() -> str:
    """Write the style sheet. An image takes the colour scheme of the page that it stands in, light or dark."""
    light = "".join(f".{kind}{{color:{colours[0]}}}" for kind, colours in KINDS.items())
    dark = "".join(f".{kind}{{color:{colours[1]}}}" for kind, colours in KINDS.items() if colours[0] != colours[1])
    return (
        f"{light}"
        f"text{{font-family:{FONT};fill:currentColor}}"
        f".area{{fill:currentColor;fill-opacity:{TINT};stroke:currentColor;stroke-width:1.5}}"
        f".solid{{fill:currentColor;fill-opacity:{SOLID}}}"
        ".area.quiet{fill-opacity:.06;stroke-width:1}"
        ".faint{fill:currentColor;fill-opacity:.13}"
        f"@media(prefers-color-scheme:dark){{{dark}.faint{{fill-opacity:.3}}}}"
        ".full{fill:currentColor}"
        ".hollow{fill:none;stroke:currentColor;stroke-width:1.5;stroke-dasharray:4 4}"
        ".line{fill:none;stroke:currentColor;stroke-linecap:round;stroke-linejoin:round}"
    )


class Canvas:
    """A sheet WIDTH wide; y grows downwards. What is drawn later lies on top."""

    def __init__(self, height: float, title: str, description: str) -> None:
        self.height, self.title, self.description = height, title, description
        self.parts: list[str] = []

    def text(
        self, x: float, y: float, words: str, kind: str = "ink", anchor: str = "middle", size: float = SIZE
    ) -> None:
        """Write one line or several around the height y. `*x*` is a letter of a formula, `**x**` is bold."""
        lines = words.split("\n")
        for i, line in enumerate(lines):
            middle = y + (i - (len(lines) - 1) / 2) * 1.3 * size
            marked = re.sub(r"\*\*(.+?)\*\*", r'<tspan font-weight="600">\1</tspan>', html.escape(line, quote=False))
            marked = re.sub(r"\*(.+?)\*", r'<tspan font-style="italic">\1</tspan>', marked)
            at = f'x="{x:g}" y="{round(middle + 0.36 * size, 2):g}"'
            self.parts.append(f'<text class="{kind}" {at} font-size="{size:g}" text-anchor="{anchor}">{marked}</text>')

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        words: str = "",
        kind: str = "quiet",
        look: str = "area",
        radius: float = 7,
        ink: str = "ink",
        covers: bool = False,
    ) -> None:
        """Draw a box with its left upper corner at x, y, and words in its middle.

        `look` is a class of the style. A box that `covers` hides the line on which it stands.
        """
        shape = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
        if covers:
            self.parts.append(f'<rect class="full ground" {shape}/>')
        self.parts.append(f'<rect class="{look} {kind}" {shape}/>')
        if words:
            self.text(x + width / 2, y + height / 2, words, ink)

    def row(
        self,
        x: float,
        y: float,
        words: Sequence[str],
        kinds: Sequence[str] | str = "quiet",
        widths: Sequence[float] | float = 60,
        gap: float = 6,
        height: float = 32,
    ) -> list[float]:
        """Draw boxes side by side, a word in each, and return the middles; the kind `hidden` is an empty frame."""
        kinds = [kinds] * len(words) if isinstance(kinds, str) else kinds
        widths = [widths] * len(words) if isinstance(widths, int | float) else widths
        middles = []
        for word, kind, width in zip(words, kinds, widths, strict=True):
            if kind == "hidden":
                self.box(x, y, width, height, word, "quiet", "hollow", 6, "quiet")
            else:
                self.box(x, y, width, height, word, kind, radius=6)
            middles.append(x + width / 2)
            x += width + gap
        return middles

    def grid(
        self, x: float, y: float, cells: Iterable[Iterable[str]], side: float, tall: float | None = None, gap: float = 3
    ) -> None:
        """Draw rows of small cells. Each is a kind, drawn solid; `hidden` is a faint one, an empty string is none."""
        tall = side if tall is None else tall
        for i, row in enumerate(cells):
            for j, kind in enumerate(row):
                left, top = x + j * (side + gap), y + i * (tall + gap)
                if kind:
                    look = ("quiet", "faint") if kind == "hidden" else (kind, "solid")
                    self.box(left, top, side, tall, "", *look, radius=2)

    def line(self, points: Sequence[Point], kind: str = "quiet", width: float = 2, dashed: bool = False) -> None:
        """Draw a line through points, its corners rounded."""
        parts = [f"M{_at(points[0])}"]
        for before, corner, after in zip(points, points[1:], points[2:], strict=False):
            parts.append(f"L{_at(_bend(corner, before))}Q{_at(corner)} {_at(_bend(corner, after))}")
        parts.append(f"L{_at(points[-1])}")
        dashes = ' stroke-dasharray="2 6"' if dashed else ""
        self.parts.append(f'<path class="line {kind}" d="{"".join(parts)}" stroke-width="{width:g}"{dashes}/>')

    def arrow(self, *points: Point, kind: str = "quiet", width: float = 2, dashed: bool = False) -> None:
        """Draw a line with a head at its last point."""
        tip, length = points[-1], 5 + 2 * width
        back = _towards(tip, points[-2], length)
        self.line([*points[:-1], _towards(tip, points[-2], length - 2)], kind, width, dashed)
        across = ((tip[1] - back[1]) * 0.5, (back[0] - tip[0]) * 0.5)
        corners = [tip, (back[0] + across[0], back[1] + across[1]), (back[0] - across[0], back[1] - across[1])]
        self.parts.append(f'<path class="full {kind}" d="M{"L".join(map(_at, corners))}Z"/>')

    def link(
        self, start: Point, end: Point, gap: float, kind: str = "quiet", width: float = 2, dashed: bool = False
    ) -> None:
        """Draw a straight arrow between two discs of this radius, a little off both."""
        start, end = _towards(start, end, gap), _towards(end, start, gap + 3)
        self.arrow(start, end, kind=kind, width=width, dashed=dashed)

    def dot(self, x: float, y: float, radius: float, kind: str = "body", look: str = "full", words: str = "") -> None:
        """Draw a disc, with words in its middle."""
        self.parts.append(f'<circle class="{look} {kind}" cx="{x:g}" cy="{y:g}" r="{radius:g}"/>')
        if words:
            self.text(x, y, words)

    def plus(self, x: float, y: float, kind: str = "ink") -> None:
        """Draw the sign of a sum, on the ground's colour, so that lines pass beneath it."""
        self.dot(x, y, 12, "ground")
        self.dot(x, y, 12, kind, "area")
        self.line([(x - 6, y), (x + 6, y)], kind)
        self.line([(x, y - 6), (x, y + 6)], kind)

    def svg(self) -> str:
        """Return the picture as a file's text, with a title and a description for those who do not see it."""
        name = re.sub(r"\W+", "-", self.title.lower()).strip("-")
        size = f'width="{WIDTH}" height="{self.height:g}"'
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {self.height:g}" {size}'
                f' role="img" aria-labelledby="{name} {name}-more">',
                f'<title id="{name}">{html.escape(self.title, quote=False)}</title>',
                f'<desc id="{name}-more">{html.escape(self.description, quote=False)}</desc>',
                f"<style>{style()}</style>",
                # A ground of its own: where a viewer knows of no colour scheme, it is legible all the same.
                f'<rect class="full ground" {size}/>',
                *self.parts,
                "</svg>\n",
            ]
        )


def _at(point: Point) -> str:
    return f"{round(point[0], 2):g},{round(point[1], 2):g}"


def _towards(start: Point, end: Point, by: float) -> Point:
    share = by / dist(start, end)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _bend(corner: Point, to: Point) -> Point:
    """Where the round of a corner ends: on its line, half of which at most is round."""
    return _towards(corner, to, min(8, dist(corner, to) / 2))
