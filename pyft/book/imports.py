"""Follow the names of a source to the files of the package that define them, by syntax trees: nothing is imported.

`from pyft import data` and `data.load` lead to the file that defines `load`, through the lazy `__init__` of the folder,
whose stub, `__init__.pyi`, says which module defines which public name. Each file's own imports are followed in turn.
"""

import ast
import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pyft.book.uses import SCOPES, Bindings, Chain, Use, bindings, bound, of_file, own, parse
from pyft.errors import PyftError


def _table(stub: Path) -> str:
    """The names that a folder hands on, from the stub that `lazy_loader` reads, as the line `_NAMES = {…}`."""
    if not stub.is_file():
        return ""
    lines = ast.parse(stub.read_text(encoding="utf8")).body
    names = {alias.name: node.module for node in lines if isinstance(node, ast.ImportFrom) for alias in node.names}
    return f"\n_NAMES = {names}\n"


@dataclass(frozen=True)
class Place:
    """Where a name leads: to `name` in a file, or, without `name`, to a file or a folder as a whole."""

    path: Path
    name: str = ""


@dataclass
class Reached:
    """All that a page depends on in the package."""

    files: set[Path] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)  # the rows of lazy tables that were followed
    uses: list[tuple[Path | None, Use, Place]] = field(default_factory=list)  # of which file (None: the page)


@dataclass(frozen=True)
class Module:
    """What a file offers to those that import it."""

    names: set[str]  # all that its statements bind, outside of functions
    imported: Bindings  # of these, the names of pyft that it imports at once
    lazy: dict[str, str]  # public name -> the module of this folder that defines it
    open: bool  # whether it may offer more names than can be read off it

    @staticmethod
    @cache
    def of(text: str, package: Chain) -> "Module":
        top = list(own(parse(text).body, (*SCOPES, ast.ClassDef)))  # what an import runs
        lists: dict[str, Any] = {}
        for node in top:
            target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
            if isinstance(target, ast.Name) and target.id in {"_NAMES", "__all__"}:
                with contextlib.suppress(ValueError):  # put together, as in `__all__ = sorted(_NAMES)`
                    lists[target.id] = ast.literal_eval(node.value)  # type: ignore[attr-defined]
        aliases = [alias for node in top if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names]
        names = bound(top) | {alias.asname or alias.name.split(".")[0] for alias in aliases}
        return Module(
            names | set(lists.get("__all__", ())),
            bindings(top, package),
            lists.get("_NAMES", {}),
            "*" in names or ("__getattr__" in names and not lists),
        )


class Package:
    """The package that lies in the folder `root`, as text."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._texts: dict[Path, str] = {}
        self.files = set(root.rglob("*.py"))
        self._folders = {parent for path in self.files for parent in path.parents}
        self._found: dict[Chain, tuple[Place, set[Path], set[str]]] = {}

    def name(self, path: Path) -> str:
        return path.relative_to(self.root.parent).as_posix()

    def text(self, path: Path) -> str:
        """What is written in a file of the package, read once."""
        if path not in self._texts:
            self._texts[path] = path.read_text(encoding="utf8") + _table(path.with_suffix(".pyi"))
        return self._texts[path]

    def follow(self, uses_of_page: Iterable[Use]) -> Reached:
        """All files that a page depends on, and all uses of names, its own and theirs, with where they lead.

        Raises:
            PyftError: a name that leads nowhere; says where it stands.
        """
        reached = Reached()
        queue: list[tuple[Path | None, Use]] = [(None, use) for use in uses_of_page]
        while queue:
            origin, use = queue.pop()
            before = set(reached.files)
            place = self._place(use, reached)
            if place is None:
                continue
            reached.uses.append((origin, use, place))
            if place.path.is_dir() and use.how != "import":
                reached.files |= set(place.path.rglob("*.py"))
            reached.files |= set(self.exercises(use, place))
            for path in sorted(reached.files - before):
                queue += [(path, found) for found in self._uses(path)]
        return reached

    def _uses(self, path: Path) -> tuple[Use, ...]:
        return of_file(self.text(path), self.name(path), self._folder(path))

    def _folder(self, path: Path) -> Chain:
        return path.relative_to(self.root.parent).parts[:-1]

    def _place(self, use: Use, reached: Reached) -> Place | None:
        try:
            place, files, lazy = self.find(use.chain)
        except LookupError as error:
            if not use.sure:
                return None
            raise PyftError(
                f"{use.where}: {'.'.join(use.chain)} leads nowhere: {error.args[0]}. Correct the name, or define it."
            ) from None
        reached.files |= files
        reached.lazy |= lazy
        return place

    def find(self, chain: Chain) -> tuple[Place, set[Path], set[str]]:
        """Where a name leads, the files that are imported on the way, and the rows of lazy tables that are followed.

        Raises:
            LookupError: nowhere; says what is missing where.
        """
        if chain not in self._found:
            self._found[chain] = Place(self.root), set(), set()  # of a name that is imported in a circle
            try:
                self._found[chain] = self._find(chain)
            except LookupError:
                del self._found[chain]
                raise
        return self._found[chain]

    def _find(self, chain: Chain) -> tuple[Place, set[Path], set[str]]:
        at, rest, files, lazy = self.root, chain[1:], set[Path](), set[str]()
        while True:
            folder = at.suffix != ".py"
            path = at / "__init__.py" if folder else at
            module = Module.of(self.text(path) if path in self.files else "", self._folder(path))
            if path in self.files:
                files.add(path)
            if not rest:
                return Place(at), files, lazy
            name = rest[0]
            if name in module.imported:
                place, more, tables = self.find((*min(module.imported[name]), *rest[1:]))
                return place, files | more, lazy | tables
            if folder and name in module.lazy:
                lazy.add(f"{self.name(path)}: {name} in {module.lazy[name]}")
                at = self._below(at, module.lazy[name])
            elif folder and self._is_module(at, name):
                at, rest = self._below(at, name), rest[1:]
            elif name in module.names or module.open or re.fullmatch(r"__\w+__", name):
                return Place(path if path in self.files else at, name), files, lazy
            else:
                raise LookupError(f"there is no {name!r} in {self.name(at)}")

    def _is_module(self, folder: Path, name: str) -> bool:
        return folder / f"{name}.py" in self.files or folder / name in self._folders

    def _below(self, folder: Path, name: str) -> Path:
        if not self._is_module(folder, name):
            raise LookupError(f"there is no module {name!r} in {self.name(folder)}")
        return folder / name if folder / name in self._folders else folder / f"{name}.py"

    def exercises(self, use: Use, place: Place) -> Iterator[Path]:
        """The exercises that a call of `pyft.exercises` finds by the number in their name: `check("4.1.2-b", answer)`.

        They lie in the folder of the course whose number is the longest beginning of theirs; all count if the name is
        no literal.
        """
        if place.path != self.root / "exercises.py" or use.how != "call" or not place.name.islower():
            return
        found = {path.parent.name: path for path in (self.root / "course").glob("ch*/exercises.py")}
        if use.given is None:
            yield from found.values()
            return
        number = use.given.split("-")[0].split(".")
        for length in range(len(number), 0, -1):
            start = re.compile(rf"ch{'_'.join(map(re.escape, number[:length]))}(_\D|$)")
            chosen = [path for folder, path in found.items() if start.match(folder)]
            if chosen:
                yield from chosen
                return
