"""The arrow of imports over the folders of pyft: each imports only what stands below it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pyft"

LAYERS = [  # from the top down
    {"__main__"},
    {"cli"},
    {"commands"},
    {"course"},
    {"book", "benchmarks", "diagrams", "exercises", "mutation", "pretraining"},
    {"evidence", "plots", "deployment"},
    {"finetune"},
    {"evaluation"},
    {"models"},
    {"data"},
    {"maths"},
    {"profiles", "paths"},
    {"errors"},
]
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}
FOREIGN = {"maths": {"torch"}, "errors": set(), "profiles": set(), "data/artefacts": set(), "data/iob2": set()}

FILES = {path.relative_to(PACKAGE).with_suffix("").as_posix(): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(source: str) -> Iterator[str]:
    """Dotted names of all that is imported, inside functions too; `from a import b` counts as `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(filter(None, ["pyft" if node.level else "", node.module]))
            yield from (f"{start}.{alias.name}" for alias in node.names)


def parts_of_pyft(source: str) -> set[str]:
    """The folders and top modules of pyft that a source imports."""
    names = [name.split(".") for name in imported(source)]
    return {name[1] for name in names if name[0] == "pyft" and len(name) > 1 and not name[1].startswith("__")}


def foreign(source: str) -> set[str]:
    return {name.split(".")[0] for name in imported(source)} - {"pyft"} - set(sys.stdlib_module_names)


def test_every_folder_has_a_layer() -> None:
    assert {name.split("/")[0] for name in FILES} - {"__init__"} == set(ROW)


@pytest.mark.parametrize("name", FILES.keys() - {"__init__"})
def test_imports_point_down(name: str) -> None:
    part = name.split("/")[0]
    found = parts_of_pyft(FILES[name].read_text(encoding="utf8")) - {part}
    assert {other for other in found if ROW[other] <= ROW[part]} == set(), f"pyft/{name}.py"


@pytest.mark.parametrize("place", FOREIGN)
def test_some_places_lean_on_little(place: str) -> None:
    files = [path for name, path in FILES.items() if name == place or name.startswith(f"{place}/")]
    assert files
    for path in files:
        assert foreign(path.read_text(encoding="utf8")) <= FOREIGN[place], path


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import pyft.a, torch.nn\nfrom . import b\nfrom .c import x\ndef f():\n    from pyft import d\n"
    source += "    from pyft.e import y\n    import os"
    assert parts_of_pyft(source) == {"a", "b", "c", "d", "e"}
    assert foreign(source) == {"torch"}


def test_the_house_stays_tidy() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 12
    places = [PACKAGE, PACKAGE.parent / "tests", PACKAGE.parent / "scripts"]
    long = {p for place in places for p in place.rglob("*.py") if len(p.read_text(encoding="utf8").splitlines()) > 350}
    assert long == set()


def test_the_package_itself_imports_evidence_alone_and_only_when_asked() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf8"))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert parts_of_pyft(ast.unparse(tree)) == {"evidence"}
    assert parts_of_pyft("\n".join(map(ast.unparse, at_once))) == set()


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in PACKAGE.glob("*/__init__.pyi")))
def test_a_name_that_a_folder_hands_on_is_not_a_module_of_it(folder: str) -> None:
    """Else an import of the module would put it in the name's place."""
    names = {
        name.rpartition(".")[2] for name in imported((PACKAGE / folder / "__init__.pyi").read_text(encoding="utf8"))
    }
    assert names & {path.stem for path in (PACKAGE / folder).glob("*.py")} == set()


@pytest.mark.parametrize("module", ["pyft", "pyft.cli", "pyft.data", "pyft.models", "pyft.finetune", "pyft.evidence"])
def test_a_start_costs_nothing(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'numpy', 'datasets') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
