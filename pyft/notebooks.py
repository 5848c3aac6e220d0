"""Run chapters through papermill, and keep what is stable of their outputs. What is up to date does not run again."""

import copy
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from filelock import FileLock, Timeout
from papermill.exceptions import PapermillExecutionError

from pyft.errors import PyftError, unknown
from pyft.evidence import ROOT, make_bands, results_folder, write_atomically
from pyft.freshness import changed, key

CHAPTERS = ROOT / "chapters"
BUILD = ROOT / "_build"
CELL_TIMEOUT = 1200  # seconds
# Looked for in JSON, where a path at the start of a line comes after the two characters of an escaped line end.
PATHS = re.compile(r"(?:(?<![\w.:/<])|(?<=\\[nrt]))(?:/(?:work|root|tmp|home|Users|content)/[\w.-]+|[A-Z]:\\+Users)")

# What a kernel runs under, here and in the tests: no progress bars, no chatter, no network for models, stable hashing.
QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm misses a widget that we do not want
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


@dataclass(frozen=True)
class Chapter:
    """One notebook: `number` is the outline's (`6.1`), from the file name (`6_1_sentiment.ipynb`)."""

    number: str
    path: Path

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    def read(self) -> Any:
        """The notebook, format 4. Raises `PyftError` if the file is not one."""
        try:
            return nbformat.read(self.path, as_version=4)
        except Exception as error:
            raise PyftError(
                f"{self.name} is not a notebook ({error}). Restore it: git checkout -- {self.name}"
            ) from error


def say(line: str) -> None:
    """A plain line of progress, at once."""
    print(line, flush=True)


def chapters() -> dict[str, Chapter]:
    """All chapters by number, in the outline's order."""
    found = {}
    for path in CHAPTERS.glob("*/*.ipynb"):
        number = re.match(r"\d+(_\d+)*(?=_)", path.name)
        if number is None:
            raise PyftError(
                f"chapters/{path.parent.name}/{path.name}: "
                "expected a name like 6_1_sentiment.ipynb, with its number first"
            )
        found[number[0].replace("_", ".")] = Chapter(number[0].replace("_", "."), path)
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split(".")]))


def select(numbers: Sequence[str]) -> list[Chapter]:
    """The chapters of these numbers, all for none. Raises `PyftError` for a number that has no notebook."""
    known = chapters()
    for number in numbers:
        if number not in known:
            raise unknown("chapter", number, list(known))
    return [known[number] for number in numbers or known]


# --- running ----------------------------------------------------------------------------------------------------------


def run(numbers: Sequence[str] = (), force: bool = False) -> None:
    """Run, in place, the chapters whose key changed. One after the other; a failure keeps what had finished.

    Raises:
        PyftError: some chapters failed; names notebook, cell and error of each. The next run goes on from there.
    """
    failures = []
    with only_one("run"):
        for chapter in select(numbers):
            start = time.monotonic()
            try:
                why = changed(chapter) or (["forced"] if force else [])
                if not why:
                    say(f"[run] {chapter.number} is up to date")
                    continue
                say(f"[run] {chapter.number} runs now (changed: {', '.join(why)}) …")
                _run_in_place(chapter)
                say(f"[run] {chapter.number} done in {time.monotonic() - start:.0f} s")
            except PyftError as error:
                failures.append(str(error))
                say(f"[run] {chapter.number} failed after {time.monotonic() - start:.0f} s")
    if failures:
        raise PyftError("\n\n".join(failures) + "\n\nWhat had finished is kept; to go on from here: pyft run")


def _run_in_place(chapter: Chapter) -> None:
    before, source = key(chapter), chapter.path.read_bytes()
    done = execute(chapter, {}, records=results_folder())
    if chapter.path.read_bytes() != source:
        raise PyftError(
            f"{chapter.name} was edited while it ran; the edit is kept, the outputs are in {_scratch(chapter)}. "
            "Run again."
        )
    notebook = clean(done, chapter.name)
    after = key(chapter)  # the run wrote its own record: evidence counts as it is now, all else as it was at the start
    notebook.metadata["pyft"] = {"key": before | {"evidence": after["evidence"]}}
    write_atomically(chapter.path, nbformat.writes(notebook) + "\n")


def _scratch(chapter: Chapter) -> Path:
    return BUILD / "run" / chapter.path.name


def execute(chapter: Chapter, parameters: dict[str, Any], records: Path) -> Any:
    """Execute a copy of the chapter under `_build/run` and return it; its records go to the folder `records`.

    Raises:
        PyftError: a cell failed, or the kernel died; names notebook, cell and error, and where the outputs lie.
    """
    scratch = _scratch(chapter)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    with _environment(QUIET | {"PYFT_RECORD_TO": str(records)}):
        try:
            return papermill.execute_notebook(
                chapter.path,
                scratch,
                parameters,
                kernel_name="python3",
                progress_bar=sys.stderr.isatty(),
                cwd=ROOT,
                start_timeout=120,
                execution_timeout=CELL_TIMEOUT,
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],  # it warns of its own sockets at every start
            )
        except PapermillExecutionError as error:
            index = error.cell_index - bool(parameters)  # papermill added a cell of its own for them
            raise PyftError(
                f"{chapter.name}, cell {index} (In [{error.exec_count}]): {error.ename}: {error.evalue}\n"
                f"{_indent(error.source)}\n  Its outputs so far: {scratch}"
            ) from error
        except Exception as error:  # a dead kernel, a timeout: nbclient has a class for each
            raise PyftError(
                f"{chapter.name}: {type(error).__name__}: {error}\n  Its outputs so far: {scratch}"
            ) from error


def _indent(source: str, most: int = 12) -> str:
    lines = source.splitlines()
    return "\n".join("    | " + line for line in lines[:most] + ["…"] * (len(lines) > most))


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    old = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in old.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def only_one(what: str) -> Iterator[None]:
    """Hold the checkout's lock for `what`; a second process says that it waits, and waits."""
    BUILD.mkdir(exist_ok=True)
    lock = FileLock(BUILD / f"{what}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"[{what}] another pyft {what} is under way in this checkout; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def calibrate(number: str, seeds: int, reason: str) -> None:
    """Run a chapter once a seed, keep the records, and make its bands from them. The notebook itself is not touched."""
    if not reason.strip():
        raise PyftError('a band is moved with a reason only: pyft calibrate CHAPTER --reason "why it moved"')
    (chapter,) = select([number])
    with only_one("run"), _environment({"PYFT_CALIBRATING": "1"}):
        for seed in range(seeds):
            start = time.monotonic()
            execute(chapter, {"SEED": seed}, records=results_folder())
            say(f"[calibrate] {number} seed {seed} done in {time.monotonic() - start:.0f} s")
    for metric, band in make_bands(number, "laptop", reason).items():
        say(f"[calibrate] {metric}: [{band['low']:.4f}, {band['high']:.4f}]")


# --- cleaning ---------------------------------------------------------------------------------------------------------


def clean(notebook: Any, name: str = "notebook") -> Any:
    """A copy without what differs from run to run: timings, papermill and widget metadata, progress bars, versions.

    Raises:
        PyftError: an output holds a path of this machine, which cleaning must not guess away.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
        | {k: v for k, v in notebook.metadata.items() if k == "pyft"}
    )
    for index, cell in enumerate(notebook.cells):
        kept = {k: v for k, v in cell.metadata.items() if k in {"tags", "mystnb"}}
        cell.metadata = nbformat.from_dict(kept)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        if cell.cell_type != "code":
            continue
        cell.outputs = _joined([output for output in cell.outputs if not _is_noise(output)])
        for output in cell.outputs:
            for mime in [m for m in output.get("data", {}) if m.startswith("application/vnd.jupyter.widget")]:
                del output["data"][mime]
        found = PATHS.search(json.dumps([{**o, "data": _text_only(o)} for o in cell.outputs]))
        if found:
            raise PyftError(
                f"{name}, cell {index}: its output holds the path {found[0]} of this machine; "
                "print something that is the same elsewhere"
            )
    return notebook


def _text_only(output: Any) -> dict[str, Any]:
    return {mime: value for mime, value in output.get("data", {}).items() if not mime.startswith("image/")}


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs, a stream's pieces as one (a kernel may send a line and its newline apart), without blank streams."""
    joined: list[Any] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == "stream" == last.output_type and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return [output for output in joined if output.output_type != "stream" or output.text.strip()]


def _is_noise(output: Any) -> bool:
    """A progress bar, or a widget with nothing to show without a kernel."""
    if output.output_type == "stream":
        return bool(re.search(r"\d+%\|", output.text))
    return any(mime.startswith("application/vnd.jupyter.widget") for mime in output.get("data", {}))


# --- the repository ---------------------------------------------------------------------------------------------------


def git(*arguments: str) -> str | None:
    """What git says in this checkout, stripped; None if it fails or is not there."""
    try:
        answer = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True)
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def repository(environment: Callable[[str], str | None] = os.environ.get) -> str | None:
    """The https address of the repository: `PYFT_REPOSITORY`, else git's `origin` if it is on GitHub, else None."""
    address = environment("PYFT_REPOSITORY") or git("remote", "get-url", "origin") or ""
    found = re.fullmatch(
        r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[/:]([\w.-]+)/([\w.-]+?)(?:\.git)?/?", address
    )
    return f"https://github.com/{found[1]}/{found[2]}" if found else None
