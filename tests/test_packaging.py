"""What must agree before anyone else can set this up: metadata, lock, conda's file, how to cite."""

import itertools
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import pyft

ROOT = Path(__file__).resolve().parent.parent
LOCK = "".join((ROOT / f"requirements{beside}.lock").read_text(encoding="utf8") for beside in ("", "-serve"))
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf8")
SETTINGS = tomllib.loads(PYPROJECT)
PROJECT = SETTINGS["project"]
DIRECT = [
    Requirement(line) for line in itertools.chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
]
LOCKED = [Requirement(line) for line in LOCK.splitlines() if line and not line.startswith("#")]


def locked(name: str) -> list[Requirement]:
    return [entry for entry in LOCKED if canonicalize_name(entry.name) == canonicalize_name(name)]


# --- metadata and lock ------------------------------------------------------------------------------------------------


def test_the_distribution_is_pyft_book() -> None:
    assert PROJECT["name"] == "pyft-book"
    assert PROJECT["version"] == pyft.__version__ == metadata.version("pyft-book")


def test_the_lock_pins_every_package_exactly() -> None:
    assert len(LOCKED) > len(DIRECT)
    for entry in LOCKED:
        assert [s.operator for s in entry.specifier] == ["=="], entry


@pytest.mark.parametrize("wanted", DIRECT, ids=lambda requirement: requirement.name)
def test_what_we_ask_for_is_locked_on_every_platform_at_a_version_we_allow(wanted: Requirement) -> None:
    entries = locked(wanted.name)
    assert [entry.marker for entry in entries] == [None], entries
    (pin,) = entries[0].specifier
    assert wanted.specifier.contains(pin.version, prereleases=True)


def test_flair_is_locked_for_an_environment_of_its_own() -> None:
    lines = (ROOT / "requirements-flair.lock").read_text(encoding="utf8").splitlines()
    own = {entry.name: entry for entry in map(Requirement, lines[1:])}
    assert {s.operator for entry in own.values() for s in entry.specifier} == {"=="}
    (wanted,) = map(Requirement, SETTINGS["dependency-groups"]["flair"])
    versions = {name: next(iter(own[name].specifier)).version for name in ("flair", "transformers")}
    assert wanted.specifier.contains(versions["flair"]) and not locked("flair")
    assert not locked("transformers")[0].specifier.contains(versions["transformers"])  # else it could live in ours
    assert own["torch"].specifier == locked("torch")[0].specifier
    assert [name for name in own if re.match(r"nvidia|cuda|triton", name)] == []


def test_jupyter_book_stays_below_2_and_the_reason_stands_above_the_cap() -> None:
    (wanted,) = (requirement for requirement in DIRECT if requirement.name == "jupyter-book")
    (pin,) = locked("jupyter-book")[0].specifier
    assert Version(pin.version) < Version("2")
    assert not wanted.specifier.contains("2.0", prereleases=True)
    lines = PYPROJECT.splitlines()
    (at,) = (n for n, line in enumerate(lines) if line.strip().startswith('"jupyter-book'))
    comment = list(itertools.takewhile(lambda line: line.strip().startswith("#"), reversed(lines[:at])))
    assert "2.0" in " ".join(comment)


@pytest.mark.parametrize("name", ["torch", "numpy"])
def test_what_colab_brings_has_lower_bounds_only(name: str) -> None:
    (wanted,) = (requirement for requirement in DIRECT if requirement.name == name)
    assert {s.operator for s in wanted.specifier} == {">="}


@pytest.mark.skipif(os.environ.get("UV_NO_CONFIG") == "1", reason="uv is told not to read what pyproject.toml keeps")
def test_torch_is_locked_where_uv_is_told_to_keep_it() -> None:
    (kept,) = map(Requirement, SETTINGS["tool"]["uv"]["constraint-dependencies"])
    assert kept.name == "torch"
    assert kept.specifier == locked("torch")[0].specifier


def test_the_lock_names_no_part_of_cuda() -> None:
    assert [entry.name for entry in LOCKED if re.match(r"nvidia|cuda|triton", entry.name)] == []


# --- which Pythons ----------------------------------------------------------------------------------------------------


def test_all_name_the_same_pythons(script: Callable[[str], ModuleType]) -> None:
    bootstrap = script("bootstrap")
    (oldest, newest), wanted = (bootstrap.OLDEST[1], bootstrap.NEWEST[1]), conda()["python"]
    supported = [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert [f"3.{minor}" for minor in range(40) if wanted.specifier.contains(f"3.{minor}.5")] == supported
    assert PROJECT["requires-python"] == f">={supported[0]}"
    assert [c.split()[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c] == supported


# --- conda ------------------------------------------------------------------------------------------------------------


def conda() -> dict[str, Any]:
    """Requirements of environment.yml by name; under `pip` the lines that conda hands to pip."""
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf8"))["dependencies"]
    found: dict[str, Any] = {r.name: r for r in (Requirement(line) for line in dependencies if isinstance(line, str))}
    (for_pip,) = (entry for entry in dependencies if isinstance(entry, dict))
    return found | {"pip": for_pip["pip"], "with pip": "pip" in found}


def test_conda_makes_the_same_environment() -> None:
    told = conda()
    assert told.pop("with pip")
    assert told.pop("pip") == ["-r requirements.lock", "-r requirements-serve.lock", "-e ."]
    told.pop("python")
    assert set(told) == {"make", "git"}
    assert all(requirement.specifier == SpecifierSet() for requirement in told.values())


# --- how to cite ------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_citation_follows_its_schema_and_agrees_with_the_metadata() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.citation-file-format"]
    done = subprocess.run([*command, str(ROOT / "CITATION.cff")], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    told = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    assert (told["version"], told["license"]) == (PROJECT["version"], PROJECT["license"])
    assert (told["authors"], told["keywords"]) == (PROJECT["authors"], PROJECT["keywords"])
    assert told["title"] == yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf8"))["title"]


def test_the_changelog_has_a_section_for_the_present_version_or_for_what_is_to_come() -> None:
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf8"), re.MULTILINE)
    assert headings[0] in {"Unreleased", PROJECT["version"]}
    released = [Version(heading) for heading in headings if heading != "Unreleased"]
    assert released == sorted(released, reverse=True)


def test_the_licence_names_the_authors() -> None:
    (author,) = PROJECT["authors"]
    text = (ROOT / "LICENSE").read_text(encoding="utf8")
    assert text.startswith(f"{PROJECT['license']} License") and author["name"] in text
