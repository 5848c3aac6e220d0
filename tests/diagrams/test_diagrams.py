"""Each diagram can be read in light and dark, on a phone, and by ear; the files are what the code draws."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sphinx_book_theme
from matplotlib.font_manager import FontProperties, findfont, get_font

from pyft import diagrams, paths
from pyft.course.ch6_2_text_classification import long_documents, surface
from pyft.diagrams import DIAGRAMS, applications
from pyft.diagrams.canvas import KINDS, SOLID, TINT, WIDTH
from pyft.plots import PALETTE

SVG = "{http://www.w3.org/2000/svg}"
COLUMN_ON_A_PHONE = 358  # px, of 390
OPACITY = {"area": TINT, "faint": 0.13, "solid": SOLID, "full": 1.0, "hollow": 0.0}

every_diagram = pytest.mark.parametrize("name", DIAGRAMS)


@dataclass(frozen=True)
class Box:
    """A rectangle, with the words or the look of what fills it."""

    left: float
    top: float
    right: float
    bottom: float
    what: str = ""
    kind: str = ""

    def meets(self, other: "Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: "Box", margin: float = 0) -> bool:
        across = self.left + margin <= other.left and other.right <= self.right - margin
        return across and self.top <= other.top and other.bottom <= self.bottom


@cache
def picture(name: str) -> ElementTree.Element:
    return ElementTree.fromstring(DIAGRAMS[name]().svg())  # noqa: S314 (our own)


@cache
def advance(words: str, bold: bool) -> float:
    """The width of words in units of the font's size, in DejaVu Sans: of the usual fonts of systems the widest."""
    font = get_font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
    font.set_size(100, 72)
    font.set_text(words, 0)
    return font.get_width_height()[0] / 64 / 100


def words_of(element: ElementTree.Element) -> Box:
    """A text and the room that it takes."""
    size, x, baseline = (float(element.get(key, "")) for key in ("font-size", "x", "y"))
    spans = [(element.text or "", False)]
    for span in element:
        spans += [(span.text or "", span.get("font-weight") == "600"), (span.tail or "", False)]
    width = size * sum(advance(text, bold) for text, bold in spans if text)
    left = x - width * {"start": 0, "middle": 0.5, "end": 1}[element.get("text-anchor", "start")]
    said, kind = "".join(text for text, _ in spans), element.get("class", "")
    return Box(left, baseline - 0.74 * size, left + width, baseline + 0.22 * size, said, kind)


def shape_of(element: ElementTree.Element) -> Box | None:
    """A box or a disc, and how it is filled."""
    look, _, kind = element.get("class", "").partition(" ")
    if element.tag == f"{SVG}rect":
        x, y, width, height = (float(element.get(key, "0")) for key in ("x", "y", "width", "height"))
        return Box(x, y, x + width, y + height, look, kind)
    if element.tag == f"{SVG}circle":
        x, y, r = (float(element.get(key, "")) for key in ("cx", "cy", "r"))
        return Box(x - r, y - r, x + r, y + r, look, kind)
    return None


def texts(name: str) -> list[Box]:
    return [words_of(element) for element in picture(name).iter(f"{SVG}text")]


def shapes(name: str) -> list[Box]:
    """In the order in which they are drawn; the first is the ground."""
    return [shape for element in picture(name) if (shape := shape_of(element))]


def strokes(name: str) -> Iterator[tuple[list[tuple[float, float]], list[Box]]]:
    """Points along each line, and what is drawn over it later and hides it."""
    parts = list(picture(name))
    for i, element in enumerate(parts):
        if element.tag == f"{SVG}path" and element.get("class", "").startswith("line"):
            ends = [tuple(map(float, pair.split(","))) for pair in re.findall(r"[-\d.]+,[-\d.]+", element.get("d", ""))]
            later = [shape for part in parts[i:] if (shape := shape_of(part)) and shape.what == "full"]
            steps = [(a, b, j / 50) for a, b in pairwise(ends) for j in range(51)]
            yield [(a[0] + (b[0] - a[0]) * s, a[1] + (b[1] - a[1]) * s) for a, b, s in steps], later


def luminance(rgb: tuple[float, ...]) -> float:
    r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def colour(kind: str, dark: bool) -> tuple[float, ...]:
    code = KINDS[kind][dark]
    return tuple(int(code[i : i + 2], 16) / 255 for i in (1, 3, 5))


def contrast(one: tuple[float, ...], other: tuple[float, ...]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_files_are_what_the_code_draws() -> None:
    kept = {path.stem: path.read_text(encoding="utf8") for path in diagrams.FOLDER.glob("*")}
    assert kept == {name: draw().svg() for name, draw in DIAGRAMS.items()}, "to draw them again: pyft diagrams"


def test_writing_replaces_what_is_there_and_takes_away_what_is_no_more(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(diagrams, "FOLDER", tmp_path / "pictures")
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "gone.svg").write_text("old")
    assert {path.stem for path in diagrams.write()} == set(DIAGRAMS)
    assert {path.stem for path in (tmp_path / "pictures").iterdir()} == set(DIAGRAMS)


@every_diagram
def test_it_has_a_title_and_a_description(name: str) -> None:
    root = picture(name)
    title, description = root[0], root[1]
    assert (title.tag, description.tag, root.get("role")) == (f"{SVG}title", f"{SVG}desc", "img")
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    assert title.text and 10 < len(title.text) < 80
    assert description.text and description.text.endswith(".") and len(description.text) > len(title.text)


def test_no_two_share_a_title() -> None:
    assert len({picture(name)[0].text for name in DIAGRAMS}) == len(DIAGRAMS)


@every_diagram
def test_text_is_large_enough_on_a_phone(name: str) -> None:
    sizes = {float(element.get("font-size", "0")) for element in picture(name).iter(f"{SVG}text")}
    assert min(sizes) * COLUMN_ON_A_PHONE / WIDTH >= 11


@every_diagram
def test_text_lies_inside_the_picture_and_on_no_other(name: str) -> None:
    sheet = shapes(name)[0]
    assert [text.what for text in texts(name) if not sheet.holds(text, margin=6)] == []
    assert [(a.what, b.what) for a, b in combinations(texts(name), 2) if a.meets(b)] == []


@every_diagram
def test_text_overflows_no_box(name: str) -> None:
    crossed = [
        (text.what, shape)
        for text in texts(name)
        for shape in shapes(name)
        if shape.meets(text) and not shape.holds(text, margin=2)
    ]
    assert crossed == []


@every_diagram
def test_no_line_runs_through_a_text(name: str) -> None:
    through = {
        text.what
        for points, later in strokes(name)
        for text in texts(name)
        if any(text.left < x < text.right and text.top < y < text.bottom for x, y in points)
        and not any(shape.holds(text) for shape in later)
    }
    assert through == set()


@every_diagram
def test_text_stands_out_in_light_and_dark(name: str) -> None:
    for dark in (False, True):
        for text in texts(name):
            ground = colour("ground", dark)
            for shape in shapes(name):
                if shape.holds(text):
                    share, over = OPACITY[shape.what], colour(shape.kind, dark)
                    ground = tuple(share * o + (1 - share) * g for o, g in zip(over, ground, strict=True))
            assert contrast(colour(text.kind, dark), ground) >= 4.5, (text.what, "dark" if dark else "light")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("kind", ["quiet", "body", "new", "right"])
def test_lines_stand_out_from_the_ground(kind: str, dark: bool) -> None:
    assert contrast(colour(kind, dark), colour("ground", dark)) >= 3


@every_diagram
def test_its_colours_are_the_palette_and_the_neutral_ones_of_the_theme(name: str) -> None:
    neutral = {code for kind in ("ground", "ink", "quiet") for code in KINDS[kind]}
    used = set(re.findall(r"#[0-9a-fA-F]{3,8}\b", DIAGRAMS[name]().svg()))
    assert used <= set(PALETTE) | neutral


def test_the_dark_ground_is_that_of_the_page() -> None:
    theme = Path(sphinx_book_theme.__file__).parent / "theme" / "sphinx_book_theme" / "static" / "styles"
    rules = (theme / "sphinx-book-theme.css").read_text(encoding="utf8")
    dark = "".join(re.findall(r"html\[data-theme=dark\]\{([^}]*)", rules))
    assert f"--pst-color-background:{KINDS['ground'][True]}" in dark


@every_diagram
def test_it_asks_for_nothing_from_elsewhere(name: str) -> None:
    text = DIAGRAMS[name]().svg().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|url\(|@import|href|<script", text)


def test_what_is_drawn_of_a_text_is_what_the_code_makes_of_it() -> None:
    assert surface.typing_shape(applications.TYPED) == applications.SHAPE
    read = {view: getattr(long_documents, view)([1] * 7, 3) for view in applications.VIEWS}
    assert read == applications.VIEWS


def test_the_folder_lies_in_the_book() -> None:
    assert diagrams.FOLDER == paths.ROOT / "book" / "diagrams"
