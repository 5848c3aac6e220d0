"""Run chapters through papermill, and keep what is stable of their outputs. What is up to date does not run again.

A kernel computes with one thread, here and in the tests: sums are then taken in one order, however many cores there
are, and several chapters run beside each other instead.
"""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import papermill
import psutil
from filelock import FileLock, Timeout
from papermill.exceptions import PapermillExecutionError

from pyft import paths
from pyft.book.chapters import Chapter, select
from pyft.book.cleaning import clean
from pyft.book.freshness import changed, key, measured_by
from pyft.book.imports import Package
from pyft.errors import PyftError
from pyft.evidence.bands import make_bands
from pyft.evidence.records import read
from pyft.paths import results_folder, write_atomically

CELL_TIMEOUT = 1200  # seconds

MEMORY = 4 * 2**30  # bytes that a kernel may need

# What a kernel runs under, here and in the tests: no progress bars, no chatter, no network for models, stable hashing,
# one thread. On Linux it keeps the memory that it has freed: a training step takes large blocks and gives them back
# again and again, and asking the system for each anew is up to a tenth of its time.
QUIET = {
    "GLIBC_TUNABLES": f"glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold={2**31}:glibc.malloc.trim_threshold={2**32}",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "PYTHONWARNINGS": "ignore:IProgress not found",  # tqdm misses a widget that we do not want
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}


def say(line: str) -> None:
    """A plain line of progress, at once."""
    print(line, flush=True)


def beside_each_other() -> int:
    """How many kernels this machine has room for: one a core, as far as its free memory goes."""
    return max(1, min(os.cpu_count() or 1, psutil.virtual_memory().available // MEMORY))


def run(numbers: Sequence[str] = (), force: bool = False, workers: int = 1) -> None:
    """Run, in place, the chapters whose key changed, `workers` of them at a time. A failure keeps what had finished.

    Raises:
        PyftError: some chapters failed; names notebook, cell and error of each. The next run goes on from there.
    """
    failures, jobs = [], {}
    with only_one("run"):
        package = Package(paths.ROOT / "pyft")
        for chapter in select(numbers):
            try:
                why = changed(chapter, package) or (["forced"] if force else [])
            except PyftError as error:
                failures.append(str(error))
                say(f"[run] {chapter.number} failed")
                continue
            if why:
                jobs[f"[run] {chapter.number}"] = (_run_in_place, chapter)
                say(f"[run] {chapter.number} is to run (changed: {', '.join(why)})")
            else:
                say(f"[run] {chapter.number} is up to date")
        failures += _finish(jobs, workers)
    if failures:
        raise PyftError("\n\n".join(failures) + "\n\nWhat had finished is kept; to go on from here: pyft run")


Job = tuple[Any, ...]  # a function and its arguments


def _finish(jobs: Mapping[str, Job], workers: int) -> list[str]:
    """Do the jobs, say of each how it went, and return what went wrong."""
    failures = []
    for name, seconds, error in _in_processes(jobs, workers) if min(workers, len(jobs)) > 1 else _here(jobs):
        say(f"{name} {'failed after' if error else 'done in'} {seconds:.0f} s")
        failures += [error] * bool(error)
    return failures


def _here(jobs: Mapping[str, Job]) -> Iterator[tuple[str, float, str]]:
    for name, job in jobs.items():
        yield (name, *_timed(*job))


def _in_processes(jobs: Mapping[str, Job], workers: int) -> Iterator[tuple[str, float, str]]:
    """Each kernel is the child of a process of its own, since what it runs under is that process's environment."""
    with ProcessPoolExecutor(min(workers, len(jobs)), mp_context=get_context("spawn"), max_tasks_per_child=1) as pool:
        futures = {pool.submit(_timed, *job): name for name, job in jobs.items()}
        for future in as_completed(futures):
            yield (futures[future], *future.result())


def _timed(work: Callable[..., Any], *arguments: Any) -> tuple[float, str]:
    """How many seconds it took, and what went wrong, if anything did."""
    start, error = time.monotonic(), ""
    try:
        work(*arguments)
    except PyftError as caught:
        error = str(caught)
    return time.monotonic() - start, error


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


def _scratch(chapter: Chapter, beside: str = "") -> Path:
    return paths.BUILD / "run" / f"{chapter.path.stem}{beside}.ipynb"


def execute(
    chapter: Chapter, parameters: dict[str, Any], records: Path, settings: Mapping[str, str] = {}, beside: str = ""
) -> Any:
    """Execute a copy of the chapter under `_build/run` and return it; its records go to the folder `records`.

    `settings` are added to the kernel's environment; `beside` keeps the copies of runs that go on at once apart.

    Raises:
        PyftError: a cell failed, or the kernel died; names notebook, cell and error, and where the outputs lie.
    """
    scratch = _scratch(chapter, beside)
    scratch.parent.mkdir(parents=True, exist_ok=True)
    kept = {"PYFT_RECORD_TO": str(records), "PYFT_MEASURED_BY": measured_by(chapter)}
    with _environment(QUIET | kept | dict(settings)):
        try:
            return papermill.execute_notebook(
                chapter.path,
                scratch,
                parameters,
                kernel_name="python3",
                progress_bar=sys.stderr.isatty(),
                cwd=paths.ROOT,
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
    paths.BUILD.mkdir(exist_ok=True)
    lock = FileLock(paths.BUILD / f"{what}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        say(f"[{what}] another pyft {what} is under way in this checkout; waiting for it")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


# What another machine may do otherwise: share a sum among threads, or compute it with other instructions.
OTHER_MACHINES = {
    "two threads": {"OMP_NUM_THREADS": "2"},
    "an older processor": {
        "ATEN_CPU_CAPABILITY": "default",  # torch's own loops
        "DNNL_MAX_CPU_ISA": "SSE41",  # oneDNN's products of matrices
        "MKL_CBWR": "COMPATIBLE",  # MKL's
        "OPENBLAS_CORETYPE": "Nehalem",  # numpy's and scipy's
    },
}


def calibrate(number: str, seeds: int, reason: str, workers: int = 1) -> None:
    """Run a chapter once a seed, keep the records, and make its bands from them. The notebook itself is not touched.

    The first seed runs again as other machines would compute it: how far its figures move is their tolerance.

    Raises:
        PyftError: no reason; a run that failed. Bands are made of all runs or not at all.
    """
    if not reason.strip():
        raise PyftError('a band is moved with a reason only: pyft calibrate CHAPTER --reason "why it moved"')
    (chapter,) = select([number])
    measuring = {"PYFT_CALIBRATING": "1"}
    with only_one("run"), TemporaryDirectory() as elsewhere:
        for name in OTHER_MACHINES:  # a page may read what others have recorded
            shutil.copytree(results_folder(), Path(elsewhere) / name, ignore=shutil.ignore_patterns(number, "bench"))
        jobs: dict[str, Job] = {
            f"[calibrate] {number} seed {seed}": (
                execute, chapter, {"SEED": seed}, results_folder(), measuring, f"-seed-{seed}",
            )
            for seed in range(seeds)
        } | {
            f"[calibrate] {number} seed 0, {name}": (
                execute, chapter, {"SEED": 0}, Path(elsewhere) / name, measuring | settings, f"-{name}",
            )
            for name, settings in OTHER_MACHINES.items()
        }  # fmt: skip
        if failures := _finish(jobs, workers):
            raise PyftError("\n\n".join(failures))
        moved = [record for name in OTHER_MACHINES for record in read(Path(elsewhere) / name / number / "laptop")]
    for metric, band in make_bands(number, "laptop", reason, moved).items():
        if "agree" in band:
            say(f"[calibrate] {metric}: the same seed elsewhere: at least {100 * band['agree']:.1f} % are the same")
            continue
        low, high, tolerance = band["low"], band["high"], band["tolerance"]
        say(f"[calibrate] {metric}: [{low:.4f}, {high:.4f}], the same seed elsewhere ± {tolerance:.2g}")
