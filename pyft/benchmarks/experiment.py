"""Measurements that take longer than a page may: an experiment is a plan of runs, each kept as it finishes.

Interrupt it, and the next call goes on from there. Dask shares the runs among processes, here or on a cluster.
"""

import contextlib
import hashlib
import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch
from filelock import FileLock, Timeout

from pyft import data, paths
from pyft.errors import PyftError, unknown
from pyft.evidence.provenance import provenance
from pyft.paths import dump, read_json, results_folder, try_place, write_atomically

LOCKS = paths.ROOT / "_build" / "bench"
Arguments = tuple[Any, ...]
Run = dict[str, Any]  # its key, what was measured, its provenance
Found = dict[str, list[Run]]  # {"runs": [...]}, as in the file


def no_limits(found: Found) -> list[str]:
    """Nothing is too slow."""
    return []


@dataclass(frozen=True)
class Experiment:
    """A plan of runs, kept in `book/results/bench/NAME.json`.

    A kept run is that of its key: its arguments, what it `depends` on, and the version.
    """

    name: str
    plan: Callable[[Sequence[Run]], Sequence[Arguments]]  # every run's arguments, as far as the finished runs tell
    run: Callable[..., Run]  # of these arguments, what was measured
    depends: Callable[..., Mapping[str, Any]]  # of the same: recipes, sizes, digests of data and weights, by name
    version: int = 1  # to be raised when the code changes what is measured: no key sees code
    about: str = ""  # one line for `pyft bench`
    threads: int | None = None  # torch's, during a run; None: as many as there are
    timed: bool = False  # its figures are seconds: nothing else may run beside it
    over_limit: Callable[[Found], list[str]] = no_limits  # a line for each limit that what was found does not keep

    def key(self, *arguments: Any) -> str:
        """What a run is kept under: sixteen hexadecimal digits."""
        parts = [self.name, self.version, arguments, self.depends(*arguments)]
        text = json.dumps(plain(parts), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def load(self, out: Path | None = None) -> Found:
        """The kept runs of the plan, in its order, and no others.

        Raises:
            PyftError: some are missing; says which, and the command that makes them.
        """
        path = out or self._path()
        kept = _read(path)
        planned = self._planned(kept)
        missing = [arguments for key, arguments in planned.items() if key not in kept]
        if missing:
            raise PyftError(
                f"{path.name} lacks {len(missing)} of the {len(planned)} runs of {self.name} as its code, data and "
                f"weights now are; the first is {_told(missing[0])}. To make them: pyft bench {self.name}"
            )
        return {"runs": [kept[key] for key in planned]}

    def count(self, out: Path | None = None) -> tuple[int, int]:
        """How many runs of the plan are kept, and how many there are, as far as the kept ones tell."""
        kept = _read(out or self._path())
        planned = self._planned(kept)
        return len(planned.keys() & kept.keys()), len(planned)

    def measure(
        self,
        out: Path | None = None,
        workers: int = 1,
        scheduler: str | None = None,
        again: Literal["dirty", "all"] | None = None,
    ) -> Found:
        """Make every run of the plan that is not kept, and return them all.

        They go one after the other in this process, or through Dask: over `workers` processes of this machine, or over
        the workers of the `scheduler` at an address such as tcp://HOST:8786. `again` makes kept runs anew: those of
        code that was not committed ("dirty"), or all. Runs that are no longer in the plan are dropped at the end.

        Raises:
            PyftError: Dask is missing or does not answer, another process is at the same file, or a worker has other
                data or weights.
        """
        shared = workers > 1 or scheduler is not None
        if self.timed and shared:
            raise PyftError(f"{self.name} takes times, one after another: leave out --workers and --scheduler.")
        if again == "dirty" and dirty({"provenance": provenance()}):
            raise PyftError("the code has changes that are not committed, so the new runs would be dirty too: commit.")
        path = out or self._path()
        try_place(path)
        with _only_one(path):
            kept = _read(path)
            valid = {key: run for key, run in kept.items() if not again or (again == "dirty" and not dirty(run))}
            planned = self._planned(valid)
            while waiting := {key: arguments for key, arguments in planned.items() if key not in valid}:
                for key, run in self._on_dask(waiting, workers, scheduler) if shared else self._here(waiting):
                    kept[key] = valid[key] = run
                    _write(path, {key: kept[key] for key in planned if key in kept} | kept)
                    print(f"{self.name}: {_told(planned[key])}", flush=True)
                planned = self._planned(valid)
            _write(path, {key: valid[key] for key in planned})
        return self.load(path)

    def _path(self) -> Path:
        return results_folder() / "bench" / f"{self.name}.json"

    def _planned(self, kept: Mapping[str, Run]) -> dict[str, Arguments]:
        """The arguments of every run that the plan asks for when it sees which of its runs are kept, by key."""
        done: list[Run] = []
        while True:
            planned = {self.key(*arguments): arguments for arguments in self.plan(done)}
            found = [kept[key] for key in planned if key in kept]
            if found == done:
                return planned
            done = found

    def _here(self, waiting: Mapping[str, Arguments]) -> Iterator[tuple[str, Run]]:
        for key, arguments in waiting.items():
            yield key, _made(self, arguments, key)

    def _on_dask(
        self, waiting: Mapping[str, Arguments], workers: int, scheduler: str | None
    ) -> Iterator[tuple[str, Run]]:
        """The runs as they finish. One whose process dies is begun anew in another; this process alone writes."""
        with _client(min(workers, len(waiting)), scheduler) as client:
            from distributed import KilledWorker, as_completed

            futures = {client.submit(_made, self, waiting[key], key, key=f"pyft-{key}"): key for key in waiting}
            for future in as_completed(futures):
                key = futures[future]
                try:
                    yield key, future.result()
                except KilledWorker as error:
                    raise PyftError(
                        f"{self.name}: each process that was given {_told(waiting[key])} died: too little memory? "
                        "Fewer --workers need less. What had finished is kept."
                    ) from error


def _made(experiment: Experiment, arguments: Arguments, key: str) -> Run:
    """One run with its key and its provenance, whose seconds are its own."""
    if experiment.key(*arguments) != key:
        raise PyftError(
            f"{experiment.name}: this worker has other code, data or weights than the process that sent the run "
            f"{_told(arguments)}: install the same commit of pyft on both, and `pyft fetch`."
        )
    threads, begun = torch.get_num_threads(), time.monotonic()
    torch.set_num_threads(experiment.threads or threads)
    try:
        found = experiment.run(*arguments)
        return {"key": key} | found | {"provenance": provenance(begun)}
    finally:
        torch.set_num_threads(threads)


@contextlib.contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    """A Dask client of the scheduler, or of new processes on this machine."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise PyftError(
            "--workers and --scheduler need Dask: pip install 'distributed>=2024.8' (the extra `cluster`)"
        ) from None
    if scheduler is None:
        options = {"threads_per_worker": 1, "memory_limit": 0, "dashboard_address": None, "silence_logs": logging.ERROR}
        with LocalCluster(n_workers=workers, **options) as cluster, Client(cluster) as client:
            yield client
        return
    try:
        client = Client(scheduler, timeout="10s")
        client.wait_for_workers(1, timeout=60)
    except (OSError, ValueError) as error:  # a TimeoutError is an OSError
        raise PyftError(
            f"no Dask scheduler with workers at {scheduler!r} ({error}); expected an address such as tcp://HOST:8786. "
            "To start them: `dask scheduler` there, and `dask worker tcp://HOST:8786` on each machine."
        ) from error
    with client:
        yield client


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold the file for this process: what another wrote at the same time would be lost."""
    LOCKS.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:16]
    try:
        with FileLock(LOCKS / f"{name}.lock", timeout=0):
            yield
    except Timeout:
        raise PyftError(
            f"another process is measuring into {path}: wait for it, or stop it and share its runs with --workers."
        ) from None


# --- the file ---------------------------------------------------------------------------------------------------------


def _read(path: Path) -> dict[str, Run]:
    """The runs of a file by their keys; none if there is no file."""
    if not path.is_file():
        return {}
    try:
        return {run["key"]: run for run in json.loads(path.read_text(encoding="utf8"))["runs"]}
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise PyftError(
            f"{path} holds no runs of an experiment ({type(error).__name__}: {error}): restore it, or move it away to "
            "measure anew."
        ) from error


def _write(path: Path, runs: Mapping[str, Run]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, dump({"runs": list(runs.values())}))


def _told(arguments: Arguments) -> str:
    return f"({', '.join(map(str, arguments))})"


def dirty(run: Run) -> bool:
    """Whether the code that made a run was not all committed."""
    return str(run["provenance"]["commit"]).endswith("-dirty")


# --- what a key is made of --------------------------------------------------------------------------------------------


def plain(x: Any) -> Any:
    """What JSON can hold of x. Of a dataclass, such as a recipe, the fields that differ from their defaults.

    So a field that is added to recipes, with a default under which nothing changes, leaves every key as it was.

    Raises:
        PyftError: x has no such form, as a model or a data set has none.
    """
    if is_dataclass(x) and not isinstance(x, type):
        defaults = {f.name: f.default if f.default_factory is MISSING else f.default_factory() for f in fields(x)}
        return {name: plain(getattr(x, name)) for name in defaults if getattr(x, name) != defaults[name]}
    if isinstance(x, Mapping):
        return {str(name): plain(value) for name, value in x.items()}
    if isinstance(x, list | tuple):
        return [plain(value) for value in x]
    if x is None or isinstance(x, str | int | float):
        return x
    raise PyftError(f"a run's key cannot hold a {type(x).__name__}: expected numbers, texts, recipes; give its digest.")


def data_digests(*corpora: str) -> dict[str, str]:
    """The fingerprints of some corpora, by name."""
    return {name: _fingerprint(name) for name in corpora}


@cache
def _fingerprint(corpus: str) -> str:
    return data.fingerprint(data.load(corpus))


def bench(name: str) -> dict[str, Any]:
    """A committed benchmark: the list `runs` of what `pyft bench NAME` measured, each with its provenance."""
    path = results_folder() / "bench" / f"{name}.json"
    if not path.is_file():
        raise unknown("benchmark", name, sorted(p.stem for p in path.parent.glob("*.json")))
    found: dict[str, Any] = read_json(path)
    return found


def origin(found: dict[str, Any]) -> str:
    """Where the runs of a benchmark come from, in words for a page: hardware, version of torch, commits."""
    made = [run["provenance"] for run in found["runs"]]
    hardware = {p["hardware"]["gpu"] or _threads(p["hardware"]["threads"]) for p in made}
    torch = {f"torch {p['versions']['torch']}" for p in made}
    commits = {f"commit {p['commit']}" for p in made}
    return "; ".join(" and ".join(sorted(some)) for some in (hardware, torch, commits))


def _threads(n: int) -> str:
    return f"{n} CPU thread" + "s" * (n > 1)
