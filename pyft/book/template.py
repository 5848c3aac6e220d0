"""Begin a chapter: a notebook that passes every check, a folder for what it alone needs, its entry in the contents."""

import re
from pathlib import Path
from typing import Any

import nbformat
import yaml
from nbformat import v4

from pyft import paths
from pyft.book.chapters import chapters, read_yaml
from pyft.book.outline import HEADINGS, PARTS, is_latin
from pyft.errors import PyftError
from pyft.paths import write_atomically

EXERCISES = '''"""The exercises of section {number}: solutions, and the usual mistakes, each with its hint."""

import torch
from torch import Tensor

from pyft.exercises import Exercise

EXERCISES: dict[str, Exercise] = {{}}


def mean(x: Tensor) -> Tensor:
    return x.sum() / x.numel()


EXERCISES["{number}-a"] = Exercise(
    solution=mean,
    cases=[(torch.tensor([1.0, 2.0, 6.0]),), (torch.tensor([-1.0, 1.0]),)],
    mistakes=[(lambda x: x.median(), "This is the median: half of the numbers lie below it. Add up, and divide.")],
)
'''

EXPERIMENT = '''"""What section {number} measures and a page has no time for: `pyft bench {number}`."""

from collections.abc import Sequence
from typing import Any

import torch

from pyft.benchmarks.experiment import Experiment, Run
from pyft.course.{folder}.recipes import SIZES


def run(n: int, seed: int) -> dict[str, Any]:
    """The mean of n normal numbers."""
    x = torch.randn(n, generator=torch.Generator().manual_seed(seed))
    return {{"n": n, "seed": seed, "mean": round(x.mean().item(), 6)}}


def plan(_: Sequence[Run] = ()) -> list[tuple[int, int]]:
    """Every run, `(n, seed)`."""
    return [(n, seed) for n in SIZES for seed in range(3)]


def depends(n: int, seed: int) -> dict[str, Any]:
    """A run is that of its arguments alone. Data and weights that it reads would be named here, by their digests."""
    return {{}}


EXPERIMENT = Experiment("{number}", plan, run, depends, about="means of random numbers; a second")
'''

RECIPES = '''"""The sizes and hyperparameters of section {number}."""

SIZES = (10, 100)
'''


def cells(number: str, title: str, heading: str, folder: str) -> list[Any]:
    """The notebook's cells, Markdown and code, in their order."""

    def code(source: str, *tags: str) -> Any:
        return v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {})

    name = title if is_latin(heading) else f"{title} · {heading}"
    return [
        v4.new_markdown_cell(f"# {number} {name}\n\nWhich question does this page answer?"),
        code("import pyft", "setup"),
        code('PROFILE = "laptop"\nSEED = 0', "parameters"),
        v4.new_markdown_cell(
            "**What you will learn**\n\n- One thing.\n\n"
            "**Time and hardware**: seconds on two CPU cores, without a GPU and without a network."
        ),
        code(
            "import torch\n\nfrom pyft import exercises\n"
            f"from pyft.course.{folder}.exercises import mean\nfrom pyft.evidence import ledger, prove, show"
        ),
        v4.new_markdown_cell("## A toy, by hand\n\nSmall enough to check without a computer."),
        code("x = torch.tensor([1.0, 2.0, 6.0])\nprint(mean(x).item())"),
        v4.new_markdown_cell("## The code, and its proof"),
        code('show(mean)\nprove("the mean is torch\'s", mean(x), x.mean(), tol=1e-6)'),
        v4.new_markdown_cell("## An exercise\n\nWrite the function, and run the cell."),
        code(f'def answer(x):\n    raise NotImplementedError\n\n\nexercises.check("{number}-a", answer)'),
        v4.new_markdown_cell("## What to keep\n\n- One thing.\n\nThis page has proven the following."),
        code('for number, name in enumerate(ledger(), start=1):\n    print(f"{number}. {name}")'),
    ]


def new_chapter(number: str, title: str, heading: str | None = None) -> list[Path]:
    """Write notebook and course folder, and list the chapter in `_toc.yml`; the files written.

    `heading` is the Chinese heading; if not given, the outline's.

    Raises:
        PyftError: no such number in the outline and no heading; a title without letters; a chapter or file of that
            name already. Nothing is written then.
    """
    heading = heading or HEADINGS.get(number)
    part = number.partition(".")[0]
    if not re.fullmatch(r"\d+(\.\d+)+", number) or part not in PARTS:
        raise PyftError(
            f"{number!r} is no section of the outline's parts; expected a number such as 7.1, parts 1 to 9."
        )
    if not heading:
        raise PyftError(f'the outline has no section {number}: give its Chinese heading, --heading "…".')
    if not (slug := _slug(title)):
        raise PyftError(f"the title {title!r} has no letter of a to z; file names are made of them.")
    if number in chapters():
        raise PyftError(f"section {number} is there already: {chapters()[number].name}")
    stem = f"{number.replace('.', '_')}_{slug}"
    folder = f"ch{stem}"
    notebook = _part_folder(part) / f"{stem}.ipynb"
    course = paths.ROOT / "pyft" / "course" / folder
    if course.exists():
        raise PyftError(f"pyft/course/{folder} is there already: delete it, or take another title.")
    made = v4.new_notebook(cells=cells(number, title, heading, folder))
    for i, cell in enumerate(made.cells):
        cell["id"] = f"c{i:02}"
    texts = {
        notebook: nbformat.writes(made) + "\n",
        course / "__init__.py": f'"""What section {number} alone needs."""\n',
        course / "exercises.py": EXERCISES.format(number=number),
        course / "experiment.py": EXPERIMENT.format(number=number, folder=folder),
        course / "recipes.py": RECIPES.format(number=number),
        paths.ROOT / "_toc.yml": _contents(number, notebook.relative_to(paths.ROOT).with_suffix("").as_posix()),
    }
    for path, text in texts.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)
    return list(texts)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _part_folder(part: str) -> Path:
    there = sorted((paths.ROOT / "chapters").glob(f"{part}_*"))
    return there[0] if there else paths.ROOT / "chapters" / f"{part}_{_slug(PARTS[part])}"


def _contents(number: str, file: str) -> str:
    """`_toc.yml` with the chapter at its place: in its part by number, under the section that it belongs to."""
    toc = read_yaml("_toc.yml")
    try:
        return yaml.safe_dump(_listed(toc, number, file), allow_unicode=True, sort_keys=False, width=120)
    except (KeyError, TypeError, IndexError, ValueError, AttributeError) as error:
        raise PyftError(
            f"_toc.yml has no parts with captions and chapters ({type(error).__name__}: {error}). Restore it: "
            "git checkout -- _toc.yml"
        ) from error


def _listed(toc: Any, number: str, file: str) -> Any:
    part = number.partition(".")[0]
    block = next((p for p in toc["parts"] if p["caption"].startswith(f"{part} ")), None)
    if block is None:
        block = {"caption": f"{part} {PARTS[part]} · {HEADINGS[part]}", "chapters": []}
        numbered = [p for p in toc["parts"] if p["caption"][0].isdigit()]
        after = [p for p in numbered if int(p["caption"].split()[0]) < int(part)]
        toc["parts"].insert(toc["parts"].index(after[-1]) + 1 if after else 1, block)
    entries = block["chapters"]
    for entry in block["chapters"]:
        if number.startswith(_number(entry["file"]) + "."):  # 7.1.2 stands under 7.1
            entries = entry.setdefault("sections", [])
    entries.append({"file": file})
    entries.sort(key=lambda entry: [int(n) for n in _number(entry["file"]).split(".")])
    return toc


def _number(file: str) -> str:
    """The outline's number at the start of a file's name: `4.1` of `book/4_1_transformer`."""
    found = re.match(r"\d+(?:_\d+)*(?=_)", file.rpartition("/")[2])
    return found[0].replace("_", ".") if found else "0"
