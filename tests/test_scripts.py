"""The scripts that stand before the package: set up an environment, check it, lock it."""

import errno
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOCK = "".join((ROOT / f"requirements{beside}.lock").read_text(encoding="utf8") for beside in ("", "-serve"))


@pytest.mark.parametrize("name", ["bootstrap", "check_environment"])
@pytest.mark.parametrize("which", ["too old", "too new"])
def test_scripts_refuse_other_pythons(
    script: Callable[[str], ModuleType],
    name: str,
    which: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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


# --- scripts/check_environment.py -------------------------------------------------------------------------------------


@pytest.fixture
def check(script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The script, reading a lock of our own, on a machine that has git and make."""
    module = script("check_environment")
    monkeypatch.setattr(module, "LOCKS", (tmp_path / "requirements.lock",))
    monkeypatch.setattr(module.shutil, "which", lambda tool: f"bin/{tool}")
    module.LOCKS[0].write_text(LOCK, encoding="utf8")
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
    tampered = re.sub(r"^pytest==.*$", "pytest==1.2.3", LOCK, flags=re.MULTILINE) + added
    check.LOCKS[0].write_text(tampered, encoding="utf8")
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
def bootstrap(
    script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModuleType]:
    """The script, in a checkout of its own, where making an environment makes a folder and installs nothing."""
    module = script("bootstrap")
    venv = tmp_path / ".venv"
    paths = {"VENV": venv, "STAMP": venv / "made-from", "LOCK": tmp_path / "lock", "SERVE": tmp_path / "serve"}
    for name, value in {"ROOT": tmp_path, **paths}.items():
        monkeypatch.setattr(module, name, value)
    (tmp_path / "lock").write_text("numpy==2\n", encoding="utf8")
    (tmp_path / "serve").write_text("uvicorn==1\n", encoding="utf8")
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


def test_an_environment_that_is_half_removed_is_not_ready_for_the_python_that_made_it(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: Path) -> None:
        raise KeyboardInterrupt

    bootstrap.make()
    with monkeypatch.context() as other:
        other.setattr(bootstrap, "works", lambda: False)
        other.setattr(bootstrap.shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            bootstrap.make()
    assert bootstrap.works() and not bootstrap.is_ready()


def test_a_checkout_that_cannot_be_written_to_is_said_in_words(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(bootstrap, "pip", full)
    with pytest.raises(SystemExit, match=r"make the environment: .*No space left .* To try again: make setup"):
        bootstrap.main()
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


@pytest.mark.long
def test_packages_come_from_the_mirror_that_the_reader_names(
    script: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """pip itself, through the script, with an index that is a folder: it holds one package that no other index has."""
    module = script("bootstrap")
    monkeypatch.setattr(module, "venv_python", lambda: Path(sys.executable))
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    folder = tmp_path / "simple" / "pyft-mirrored"
    folder.mkdir(parents=True)
    wheel = "pyft_mirrored-1.0-py3-none-any.whl"
    with zipfile.ZipFile(folder / wheel, "w") as archive:
        at = "pyft_mirrored-1.0.dist-info"
        archive.writestr(f"{at}/METADATA", "Metadata-Version: 2.1\nName: pyft-mirrored\nVersion: 1.0\n")
        archive.writestr(
            f"{at}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{at}/RECORD", "")
    (folder / "index.html").write_text(f'<a href="{wheel}">{wheel}</a>', encoding="utf8")
    wanted = ["--dry-run", "--no-deps", "--ignore-installed", "--no-cache-dir", "pyft-mirrored"]
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    module.pip(*wanted)
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "nothing").as_uri())
    with pytest.raises(SystemExit, match="pip could not install"):
        module.pip(*wanted)
    assert "pyft-mirrored" in capfd.readouterr().err


# --- scripts/lock.py --------------------------------------------------------------------------------------------------


def test_a_new_lock_begins_from_the_old_one_and_names_no_part_of_cuda(
    script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = script("lock")
    monkeypatch.setattr(module, "LOCK", tmp_path / "requirements.lock")
    monkeypatch.setattr(module, "SERVE", tmp_path / "requirements-serve.lock")
    monkeypatch.setattr(module, "FLAIR", tmp_path / "requirements-flair.lock")
    monkeypatch.setattr(module.sys, "argv", ["lock.py", "--upgrade"])
    module.LOCK.write_text("numpy==1\n", encoding="utf8")
    module.SERVE.write_text("uvicorn==0\n", encoding="utf8")
    made = "numpy==1\nnvidia-nccl-cu13==2 ; sys_platform == 'linux'\ntorch==2\n"

    def run(command: list[str], **_: Any) -> None:
        (output,) = (Path(part.partition("=")[2]) for part in command if part.startswith("--output-file="))
        if "--group=flair" in command:  # of nothing else that the book asks for
            assert command[-1] == "--upgrade" and not [part for part in command if "extra" in part or ".toml" in part]
            output.write_text("flair==2\ntorch==2\ntriton==3\n", encoding="utf8")
            return
        serve = "--extra=serve" in command
        assert command[-1] == "--upgrade" and ("--extra=book" in command) != serve
        assert output.parent != tmp_path
        assert output.read_text(encoding="utf8") == ("uvicorn==0\n" if serve else "numpy==1\n")
        output.write_text(made + "uvicorn==2\n" * serve, encoding="utf8")

    monkeypatch.setattr(module.subprocess, "run", run)
    module.main()
    assert module.LOCK.read_text(encoding="utf8") == f"{module.HEADER}numpy==1\ntorch==2\n"
    assert module.SERVE.read_text(encoding="utf8") == f"{module.HEADER}uvicorn==2\n"
    assert module.FLAIR.read_text(encoding="utf8") == f"{module.HEADER}flair==2\ntorch==2\n"
