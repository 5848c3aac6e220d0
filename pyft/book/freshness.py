"""Know when a chapter must run again: a key over all that its outputs depend on."""

import contextlib
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Protocol

from IPython.core.inputtransformer2 import TransformerManager

from pyft import paths
from pyft.book import folding, source
from pyft.book.imports import Package, Place, Reached
from pyft.book.uses import of_cells, parse
from pyft.errors import PyftError
from pyft.evidence.bands import bands
from pyft.paths import read_json, results_folder

DISPLAY_TAGS = {
    "hide-input",
    "hide-output",
    "hide-cell",
    "remove-input",
    "remove-output",
    "remove-cell",
    "output_scroll",
}

# Where the loaders lie. A name that stands there is one that they can load, not one that the page loads.
LOADERS = {"data", "models", "profiles", "artefacts", "fetch", "hub"}

# Folders of the package with a part in what a page measures, and modules there that have none.
MEASURING = {"course", "data", "evaluation", "finetune", "maths", "models", "pretraining", "profiles.py"}
NOT_MEASURING = {
    "attribution",
    "exercises",
    "exercise_tools",
    "faults",
    "mutants",
    "power",
    "proofs",
    "proof_tools",
    "stats",
    "verdicts",
}


# Packages that few pages import. Their lines of the lock count for those alone: a new one makes no other page stale.
FOR_FEW = {"alembic", "colorlog", "mako", "opacus", "opt-einsum", "optuna", "peft"}


class Page(Protocol):
    """What a key needs of a chapter."""

    @property
    def number(self) -> str: ...
    @property
    def name(self) -> str: ...
    def read(self) -> Any: ...


def key(chapter: Page, notebook: Any = None, package: Package | None = None) -> dict[str, str]:
    """The parts of a chapter's key, by name, so that a stale chapter can say which of them changed.

    Whoever asks for many pages hands the same `package` to all: then it is read once.

    Raises:
        PyftError: a cell that is not Python, or a name of pyft that leads nowhere; names notebook and cell.
    """
    notebook = notebook or chapter.read()
    code = {index: cell for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"}
    cells = {f"{chapter.name}, cell {index}": cell.source for index, cell in code.items()}
    cells = {where: _python(text, where) for where, text in cells.items()}
    tags = [sorted(set(cell.metadata.get("tags", [])) - DISPLAY_TAGS) for cell in code.values()]
    parameters = [text for text, of in zip(cells.values(), tags, strict=True) if "parameters" in of]
    package = package or Package(paths.ROOT / "pyft")
    page = Dependencies(chapter.number, list(cells.values()), package, package.follow(of_cells(cells)))
    return {
        "code": _hash(*map(_code, cells.values()), json.dumps(tags), *page.shown_of_itself()),
        "pyft": _hash(*page.code(), *page.shown()),
        "lock": _hash(*page.locks()),
        "parameters": _hash(*map(_code, parameters)),
        "data and weights": _hash(*page.data(), *page.weights()),
        "evidence": _hash(*page.bands(), *page.published(), *page.records()),
    }


def measured_by(chapter: Page) -> str:
    """A digest of what a chapter's figures depend on: records of several seeds belong together if they share it.

    That is the page's code but for its plumbing, the modules that load, train and test, data, weights and the lock.
    """
    notebook = chapter.read()
    cells = {f"{chapter.name}, cell {i}": c.source for i, c in enumerate(notebook.cells) if c.cell_type == "code"}
    package = Package(paths.ROOT / "pyft")
    page = Dependencies(chapter.number, list(cells.values()), package, package.follow(of_cells(cells)))
    own = [_code(part.source) for part in folding.parts(notebook.cells) if not part.plumbing]
    files = [source.table(text).code for path, text in page.texts.items() if page.measures(path)]
    return _hash(*own, *files, *page.data(), *page.weights(), *page.locks())


def changed(chapter: Page, package: Package | None = None) -> list[str]:
    """Which parts of the key changed since the chapter last ran; empty if it is up to date. `package`: as in `key`."""
    notebook = chapter.read()
    ours = notebook.metadata.get("pyft")
    kept = ours.get("key") if isinstance(ours, dict) else None
    if not kept or not isinstance(kept, dict):
        return ["never run"]
    return [part for part, value in key(chapter, notebook, package).items() if kept.get(part) != value]


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(part.replace("\r\n", "\n") for part in parts).encode()).hexdigest()[:16]


def _code(text: str) -> str:
    return str(source.cell(text))


def _python(text: str, where: str) -> str:
    """A cell as Python: magics and `!` lines become calls, as they do in a kernel."""
    with contextlib.suppress(SyntaxError):
        parse(text)
        return text
    try:
        made = TransformerManager().transform_cell(text)
        parse(made)
    except SyntaxError as error:
        raise PyftError(
            f"{where} is not Python: {error.msg}, line {error.lineno}. Correct it; magics and ! lines are fine."
        ) from None
    body = text.lstrip().partition("\n")[2] if text.lstrip().startswith("%%") else ""
    with contextlib.suppress(SyntaxError):  # what `%%time` measures is Python too, what `%%bash` runs is not
        parse(body)
        return body + "\n" + made
    return made


@dataclass(frozen=True)
class Dependencies:
    """What the outputs of a page depend on, part by part, as texts to hash."""

    number: str
    cells: list[str]
    package: Package
    reached: Reached

    @cached_property
    def texts(self) -> dict[Path, str]:
        """The files that are reached, in a fixed order."""
        return {path: self.package.text(path) for path in sorted(self.reached.files)}

    def loads(self, path: Path | None) -> bool:
        """Whether a file is one of the loaders'."""
        return path is not None and path.relative_to(self.package.root).parts[0].removesuffix(".py") in LOADERS

    def measures(self, path: Path) -> bool:
        """Whether a file has a part in what is measured: it loads, trains, answers or is learnt from."""
        folder, *_ = path.relative_to(self.package.root).parts
        return folder in MEASURING and path.stem not in NOT_MEASURING

    def names(self, *, loaders: bool) -> source.Names:
        """The names that stand in the literals of the page and of the files that it reaches."""
        files = [source.module(text).names for path, text in self.texts.items() if loaders or not self.loads(path)]
        return source.union([*(source.cell(text).names for text in self.cells), *files])

    # --- the package

    def code(self) -> Iterator[str]:
        """The code of the files that are reached, without the rows of shared tables."""
        for path, text in self.texts.items():
            yield self.package.name(path)
            yield source.table(text).code if self.loads(path) else str(source.module(text))
        yield from sorted(self.reached.lazy)

    def shown(self) -> list[str]:
        """The whole source, comments and all, of what of the package is shown."""
        found: set[str] = set()
        for origin, use, place in self.reached.uses:
            text = self.package.text(place.path) if place.path.is_file() else ""
            if use.how == "shown" and place.name and place.name != "__doc__":
                found.add(source.segment(text, place.name))
            elif use.how == "shown" or place.name == "__doc__":
                found |= set(map(self.package.text, place.path.rglob("*.py"))) or {text}
            elif use.how == "shows" and origin is None:  # it could be anything that the page names
                found |= {self.package.text(at.path) for of, _, at in self.reached.uses if not of and at.path.is_file()}
            elif use.how == "call" and place == Place(self.package.root / "exercises.py", "reveal") and not origin:
                solutions = [pair for text in self.texts.values() for pair in source.solutions(text).items()]
                found |= {text for name, text in solutions if use.given in (name, None)}
        return sorted(found)

    def shown_of_itself(self) -> list[str]:
        """The page's own source, comments and all, if it may show some of it."""
        shows = any(use.how == "shows" and origin is None for origin, use, _ in self.reached.uses)
        return self.cells if shows else []

    # --- the lock

    def locks(self) -> Iterator[str]:
        """The locked versions: of packages for few pages, those that the page or a file that it reaches imports."""
        sources = [*self.cells, *self.texts.values()]

        def imported(name: str) -> bool:
            module = name.replace("-", "_")
            at = re.compile(rf"^\s*(?:import|from)\s+{module}\b", re.MULTILINE)
            return any(at.search(text) for text in sources if module in text)

        lacking = {name for name in FOR_FEW if not imported(name)}
        lines = (paths.ROOT / "requirements.lock").read_text(encoding="utf8").splitlines(keepends=True)
        yield "".join(line for line in lines if line.partition("==")[0] not in lacking)
        beside = paths.ROOT / "requirements-serve.lock"
        if beside.is_file():  # the extra `serve` is locked in a file of its own
            text = beside.read_text(encoding="utf8")
            if any(map(imported, re.findall(r"^([\w-]+)==", text, re.MULTILINE))):
                yield text

    # --- data and weights

    def data(self) -> list[str]:
        """The rows of shared tables that count: those that the page, or a file that it reaches, names.

        All do of a table that is used as a whole. Loaders name all that they can load: of the names that stand there,
        and in rows that count, those of artefacts alone count.
        """
        tables = {
            path: made for path, text in self.texts.items() if self.loads(path) and (made := source.table(text)).rows
        }
        named, chosen, whole = self.names(loaders=False), source.Names(), set[Path]()
        for origin, use, place in self.reached.uses:
            if place.path not in tables or use.how == "import" or self.loads(origin):
                continue
            if place.name in tables[place.path].tables and not (use.how == "subscript" and use.given):
                whole.add(place.path)
            if place.name == "load" and use.given is None:  # the profile may choose which corpus it is
                profiles = [made for made in tables.values() if any(row.kind == "HubData" for row in made.rows)]
                chosen = source.union(made.names for made in profiles)
        rows = [(path, row) for path, made in tables.items() for row in made.rows]
        known = {row.name for _, row in rows}
        here, there = named.among(known), chosen.among(known)
        used = [
            row
            for path, row in rows
            if row.kind != "Artefact"
            and (path in whole or row.name in here or (row.kind == "Corpus" and row.name in there))
        ]
        loaders = [
            source.module(text).names for path, text in self.texts.items() if self.loads(path) and path not in tables
        ]
        artefacts = source.union([named, *(row.names for row in used), *loaders]).among(known)
        used += [row for path, row in rows if row.kind == "Artefact" and (path in whole or row.name in artefacts)]
        return sorted(f"{row.kind} {row.name} {row.code}" for row in used)

    def weights(self) -> Iterator[str]:
        """Digests of the prepared models that are named, with how they were made."""
        if any(path.relative_to(self.package.root).parts[0] in {"models", "models.py"} for path in self.texts):
            files = [p for p in sorted(self.package.root.rglob("weights/*")) if p.suffix in {".json", ".safetensors"}]
            named = self.names(loaders=False).among({path.stem for path in files})
            yield from (path.name + _digest(path, path.stat().st_mtime_ns) for path in files if path.stem in named)

    # --- evidence

    def bands(self) -> Iterator[str]:
        """The page's own bands."""
        own = {metric: band for metric, band in bands().items() if metric.startswith(f"{self.number}/")}
        yield json.dumps(own, sort_keys=True)

    def published(self) -> Iterator[str]:
        """The published figures that are named."""
        figures = read_json(results_folder() / "published.json")
        yield json.dumps({name: figures[name] for name in self.names(loaders=True).among(figures)}, sort_keys=True)

    def records(self) -> Iterator[str]:
        """The page's own records, those that are asked for with `results`, and the benchmarks.

        What a file reads that the page reaches, the page reads: `mutants.costs` asks for `bench("mutants")`. A file
        that defines `Experiment("tricks", …)` reads its runs.
        """
        records = {self.number} | self.asked("results")
        benchmarks = self.asked("bench").union(*map(source.experiments, [*self.cells, *self.texts.values()]))
        for path in sorted(results_folder().rglob("*/*.json")):
            folder = path.relative_to(results_folder()).parts[0]
            wanted, name = (benchmarks, path.stem) if folder == "bench" else (records, folder)
            if {name, None} & wanted:
                yield path.read_text(encoding="utf8")

    def together(self, origin: Path | None, path: Path) -> bool:
        """Whether a use stands in the folder of what it uses: `make_bands` reads the records of any chapter."""
        return origin is not None and origin.parent == path.parent != self.package.root

    def asked(self, function: str) -> set[str | None]:
        """The literals that a function is called with; None among them if it is used in any other way."""
        found = [
            use
            for origin, use, place in self.reached.uses
            if place.name == function and use.how != "import" and not self.together(origin, place.path)
        ]
        return {use.given if use.how == "call" else None for use in found}


@cache
def _digest(path: Path, _changed: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
