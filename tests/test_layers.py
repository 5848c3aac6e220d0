"""The layers of pyft: an import only ever points down."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "pyft"

PARTS = (
    "exercises_finetune",
    "exercises_ner",
    "exercises_sentiment",
    "exercises_classification",
    "exercises_part2",
    "exercises_transfer",
    "exercises_part3",
    "exercises_part4",
    "exercises_part5",
)
LAYERS = [  # from the bottom up
    {"errors"},
    {"uses"},
    {"imports", "source"},
    {"artefacts", "counts", "profiles", "symbols", "exercise", "tags"},
    {"attention", "losses", "optim", "schedules", "state_dicts", *PARTS},
    {"encoder", "package_index"},
    {"maths", "objectives"},
    {"checkpoint", "fetch", "hub", "hardware", "inference", "kept", "speed", "transplant"},
    {"data", "models"},
    {"finetune", "attribution", "baselines", "stats", "own_data", "peoples_daily", "taggers"},
    {"evidence", "plots"},
    {"pretrain", "stored", "trainer"},
    {"ner"},
    {"own_model", "exercises", "proofs_attention", "proofs_losses", "proofs_optim", "transfer"},
    {"mutants"},
    {"mutants_part4"},
    {"costs", "architectures", "classification", "reviews", "sentiment", "throughput", "tricks"},
    {"bench"},
    {"freshness"},
    {"notebooks"},
    {"colab", "book", "checks"},
    {"cli"},
]
ROW = {name: row for row, names in enumerate(LAYERS) for name in names}
BARE: dict[str, set[str]] = {name: set() for name in ("errors", "artefacts", "counts", "profiles", "exercise", "maths")}
PURE = ("symbols", "tags", "attention", "encoder", "losses", "objectives", "optim", "schedules", "state_dicts", *PARTS)
TORCH_ALONE = {name: {"torch"} for name in PURE}
FOREIGN = BARE | TORCH_ALONE  # all they may import of others

MODULES = {path.stem: path for path in sorted(PACKAGE.glob("*.py")) if not path.stem.startswith("__")}


def imported(source: str) -> Iterator[str]:
    """Dotted names of all that is imported, inside functions too; `from a import b` counts as `a.b`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = ".".join(filter(None, ["pyft" if node.level else "", node.module]))
            yield from (f"{start}.{alias.name}" for alias in node.names)


def modules_of_pyft(source: str) -> set[str]:
    parts = [name.split(".") for name in imported(source)]
    return {part[1] for part in parts if part[0] == "pyft" and len(part) > 1 and not part[1].startswith("__")}


def foreign(source: str) -> set[str]:
    return {name.split(".")[0] for name in imported(source)} - {"pyft"} - set(sys.stdlib_module_names)


def test_every_module_has_a_layer() -> None:
    assert set(MODULES) == set(ROW)


@pytest.mark.parametrize("name", MODULES)
def test_imports_point_down(name: str) -> None:
    found = modules_of_pyft(MODULES[name].read_text(encoding="utf8"))
    assert found <= set(ROW), f"pyft.{name} imports what has no layer"
    assert {other for other in found if ROW[other] >= ROW[name]} == set()


@pytest.mark.parametrize("name", sorted(FOREIGN.keys() & MODULES.keys()))
def test_some_modules_lean_on_little(name: str) -> None:
    assert foreign(MODULES[name].read_text(encoding="utf8")) <= FOREIGN[name]


def test_imports_are_found_wherever_they_stand() -> None:
    source = "import pyft.a, torch.nn\nfrom . import b\nfrom .c import x\ndef f():\n    from pyft import d\n"
    source += "    from pyft.e import y\n    import os"
    assert modules_of_pyft(source) == {"a", "b", "c", "d", "e"}
    assert foreign(source) == {"torch"}


def test_the_package_itself_imports_evidence_alone_and_only_when_asked() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf8"))
    at_once = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert modules_of_pyft(ast.unparse(tree)) == {"evidence"}
    assert modules_of_pyft("\n".join(map(ast.unparse, at_once))) == set()


@pytest.mark.parametrize("module", ["pyft", "pyft.cli"])
def test_a_start_costs_nothing(module: str) -> None:
    code = f"import sys, {module}; print([m for m in ('torch', 'numpy', 'datasets') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
