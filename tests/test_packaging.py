"""What must agree before anyone else can set this up: metadata, lock, conda's file, the two scripts, tracked files."""

import importlib.util
import itertools
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import pyft

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf8")
PYPROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf8")
SETTINGS = tomllib.loads(PYPROJECT)
PROJECT = SETTINGS["project"]
DIRECT = [
    Requirement(line) for line in itertools.chain(PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
]
LOCKED = [Requirement(line) for line in LOCK.splitlines() if line and not line.startswith("#")]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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


def test_all_name_the_same_pythons() -> None:
    bootstrap = script("bootstrap")
    (oldest, newest), wanted = (bootstrap.OLDEST[1], bootstrap.NEWEST[1]), conda()["python"]
    supported = [f"3.{minor}" for minor in range(oldest, newest + 1)]
    assert [f"3.{minor}" for minor in range(40) if wanted.specifier.contains(f"3.{minor}.5")] == supported
    assert PROJECT["requires-python"] == f">={supported[0]}"
    assert [c.split()[-1] for c in PROJECT["classifiers"] if "Python :: 3." in c] == supported


@pytest.mark.parametrize("name", ["bootstrap", "check_environment"])
@pytest.mark.parametrize("which", ["too old", "too new"])
def test_scripts_refuse_other_pythons(
    name: str, which: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap, module = script("bootstrap"), script(name)
    minor = bootstrap.OLDEST[1] - 1 if which == "too old" else bootstrap.NEWEST[1] + 1
    there = SimpleNamespace(version_info=(3, minor, 2), version=f"3.{minor}.2 (main)")
    monkeypatch.setattr(module, "sys", there)
    if name == "bootstrap":
        monkeypatch.setattr(module, "only_one", lambda: pytest.fail("went on regardless"))
        with pytest.raises(SystemExit) as stopped:
            module.main()
        assert f"found Python 3.{minor}.2, expected 3.11 to 3.14" in str(stopped.value)
        assert "make PYTHON=" in str(stopped.value)
    else:
        assert module.main() == 1
        assert re.search(r"^wrong +python .*expected 3.11 to 3.14$", capsys.readouterr().out, re.MULTILINE)


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
    assert told.pop("pip") == ["-r requirements.lock", "-e ."]
    told.pop("python")
    assert set(told) == {"make", "git"}
    assert all(requirement.specifier == SpecifierSet() for requirement in told.values())


# --- scripts/check_environment.py -------------------------------------------------------------------------------------


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script, reading a lock of our own, on a machine that has git and make."""
    module = script("check_environment")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(module.shutil, "which", lambda tool: f"bin/{tool}")
    module.LOCK.write_text(LOCK, encoding="utf8")
    yield module


def test_check_knows_the_right_environment(check: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main() == 0, capsys.readouterr().out
    said = capsys.readouterr().out
    assert said.endswith("Everything is as tested.\n")
    assert {line.split()[0] for line in said.splitlines()[:-2]} == {"ok"}


def test_check_says_of_each_package_what_is_wrong_and_what_to_do(
    check: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    found = metadata.version("pytest")
    added = "surely-not-there==1.0\nsurely-elsewhere==1.0 ; sys_platform == 'plan9'\n"
    check.LOCK.write_text(re.sub(r"^pytest==.*$", "pytest==1.2.3", LOCK, flags=re.MULTILINE) + added, encoding="utf8")
    assert check.main() == 1
    said = capsys.readouterr().out
    assert re.search(rf"^wrong +pytest +found {found}, expected 1.2.3: pip install pytest==1.2.3$", said, re.M)
    assert re.search(
        r"^missing +surely-not-there +not installed, expected 1.0: pip install surely-not-there==1.0$", said, re.M
    )
    assert "elsewhere" not in said
    assert "2 of these need attention. `make setup` mends them all." in said


def test_check_gives_three_verdicts(check: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {"torch": "2.0+cpu", "numpy": "1.0"}

    def version(name: str) -> str:
        if name not in versions:
            raise metadata.PackageNotFoundError(name)
        return versions[name]

    there = SimpleNamespace(version=version, PackageNotFoundError=metadata.PackageNotFoundError)
    monkeypatch.setattr(check, "metadata", there)
    assert check.verdict("torch", "2.0")[0] == "ok"
    assert check.verdict("numpy", "1.1")[0] == "wrong"
    assert check.verdict("scipy", "1.0")[0] == "missing"


def test_check_ends_with_exit_code_1_on_a_tampered_lock(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    copy = shutil.copy(ROOT / "scripts" / "check_environment.py", tmp_path / "scripts")
    (tmp_path / "requirements.lock").write_text("pytest==1.2.3\n", encoding="utf8")
    done = subprocess.run([sys.executable, copy], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "expected 1.2.3" in done.stdout


# --- scripts/bootstrap.py ---------------------------------------------------------------------------------------------


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script, in a checkout of its own, where making an environment makes a folder and installs nothing."""
    module = script("bootstrap")
    venv = tmp_path / ".venv"
    for name, value in {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "made-from", "LOCK": tmp_path / "lock"}.items():
        monkeypatch.setattr(module, name, value)
    (tmp_path / "lock").write_text("numpy==2\n", encoding="utf8")
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf8")
    python = venv / "bin" / "python"

    def run(command: list[str], **_: Any) -> SimpleNamespace:
        if command[1:3] == ["-m", "venv"]:
            python.parent.mkdir(parents=True)
            python.touch()
        return SimpleNamespace(returncode=0 if python.exists() else 1)

    monkeypatch.setattr(module.subprocess, "run", run)
    yield module


def edit_the_lock(bootstrap: ModuleType) -> None:
    bootstrap.LOCK.write_text("numpy==3\n", encoding="utf8")


def edit_the_metadata(bootstrap: ModuleType) -> None:
    (bootstrap.ROOT / "pyproject.toml").write_text("[project]\nname = 'x'\n", encoding="utf8")


def move_the_checkout(bootstrap: ModuleType) -> None:
    shutil.copytree(bootstrap.ROOT, bootstrap.ROOT / "moved")
    bootstrap.ROOT /= "moved"


def use_another_python(bootstrap: ModuleType) -> None:
    bootstrap.sys = SimpleNamespace(version_info=(3, 99, 0))


@pytest.mark.parametrize("change", [edit_the_lock, edit_the_metadata, move_the_checkout, use_another_python])
def test_an_environment_is_made_anew_when_what_it_was_made_from_changes(
    bootstrap: ModuleType, change: Callable[[ModuleType], None]
) -> None:
    bootstrap.make()
    assert bootstrap.is_ready()
    before = bootstrap.made_from()
    change(bootstrap)
    assert bootstrap.made_from() != before
    assert not bootstrap.is_ready()


def test_an_environment_without_its_stamp_is_half_made(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap.make()
    bootstrap.STAMP.unlink()
    left_over = bootstrap.VENV / "left-over"
    left_over.touch()
    assert not bootstrap.is_ready()
    bootstrap.make()
    assert "an earlier setup did not finish" in capsys.readouterr().out
    assert not left_over.exists()
    assert bootstrap.is_ready()


def test_an_interrupted_setup_leaves_no_stamp(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(bootstrap, "pip", interrupted)
    with pytest.raises(SystemExit, match="interrupted; the same command starts the setup again"):
        bootstrap.main()
    assert bootstrap.VENV.exists()
    assert not bootstrap.is_ready()


def test_an_environment_whose_python_is_gone_is_made_anew(bootstrap: ModuleType) -> None:
    bootstrap.make()
    (bootstrap.VENV / "bin" / "python").unlink()
    assert not bootstrap.is_ready()


SETUP_HELD = """
import importlib.util, pathlib, sys, time
spec = importlib.util.spec_from_file_location("bootstrap", sys.argv[1])
bootstrap = importlib.util.module_from_spec(spec)
spec.loader.exec_module(bootstrap)
bootstrap.ROOT = pathlib.Path(sys.argv[2])
with bootstrap.only_one():
    (bootstrap.ROOT / sys.argv[3]).touch()
    time.sleep(60)
"""


def test_a_second_setup_waits_until_the_first_ends_however_it_ends(tmp_path: Path) -> None:
    def start(name: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-c", SETUP_HELD, str(ROOT / "scripts" / "bootstrap.py"), str(tmp_path), name]
        return subprocess.Popen(command)

    def comes(name: str, seconds: float) -> bool:
        end = time.monotonic() + seconds
        while not (tmp_path / name).exists() and time.monotonic() < end:
            time.sleep(0.05)
        return (tmp_path / name).exists()

    processes = [start("first")]
    try:
        assert comes("first", seconds=20)
        processes.append(start("second"))
        assert not comes("second", seconds=1.5)
        processes[0].kill()
        assert comes("second", seconds=20)
    finally:
        for process in processes:
            process.kill()
            process.wait()


# --- tracked files ----------------------------------------------------------------------------------------------------


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def lines_with(pattern: str) -> list[str]:
    found = []
    for path in tracked():
        raw = path.read_bytes()
        if b"\0" not in raw:
            text = raw.decode("utf8")
            at = [text.count("\n", 0, match.start()) + 1 for match in re.finditer(pattern, text)]
            found += [f"{path.relative_to(ROOT).as_posix()}:{line}" for line in at]
    return found


THE_OTHER_PYFT = r"""pip3? install(?:\s+--?[\w=-]+)*\s+["'`]?pyft(?![\w-])"""
MACHINE_PATH = r"(?<![\w.:/)])/(?:work|root)/"


def test_nothing_says_to_install_the_other_pyft() -> None:
    command = "pip install "
    for other in ("pyft", "-q pyft", '"pyft[book]"', "--upgrade pyft==1.0", "pyft\n"):
        assert re.search(THE_OTHER_PYFT, command + other), other
    for ours in ("pyft-book", "-e .", '"pyft-book @ git+x"', "numpy\npyft fetch"):
        assert not re.search(THE_OTHER_PYFT, command + ours), ours
    assert lines_with(THE_OTHER_PYFT) == []


def test_nothing_names_the_host_of_a_package_registry() -> None:
    hosts = ["pypi" + ".org", "files.pythonhosted" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org"]
    assert lines_with("|".join(map(re.escape, hosts))) == []


def test_nothing_holds_a_path_of_the_machine_it_was_written_on() -> None:
    assert re.search(MACHINE_PATH, " /" + "work/main/x") and re.search(MACHINE_PATH, '"/' + 'root/x"')
    assert lines_with(MACHINE_PATH) == []


def test_no_tracked_file_is_large() -> None:
    assert tracked()
    assert [path.name for path in tracked() if path.stat().st_size > 8_000_000] == []
