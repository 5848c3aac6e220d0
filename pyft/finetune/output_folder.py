"""The folder that a model is written to: one where nothing else lies, and nothing in it that is not ours is touched."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyft.errors import PyftError
from pyft.finetune import checkpoint
from pyft.paths import dump, write_atomically

CARD = "pyft.json"  # next to the weights: what the model is for, and what it scored
MARK = "pyft-run.json"  # which run the folder is of, and the names of the files that it wrote
RUN = "run"  # the state of a run that is under way
OF_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}


class OutputFolder:
    """Where one run writes. `inputs` says which run it is: what was asked for, and digests of the files."""

    def __init__(self, path: Path, inputs: Mapping[str, Any]) -> None:
        self.path, self.inputs = path, json.loads(json.dumps(inputs))
        self.wrote: list[str] = []
        self.finished = False

    def check(self) -> None:
        """Refuse a folder that holds anything but this run, begun or finished; nothing is written.

        Raises:
            PyftError: a file, a folder that is not empty, or one of another run; says what lies there.
        """
        try:
            lies = [p.name for p in self.path.iterdir() if p.name not in OF_SYSTEMS] if self.path.exists() else []
            mark = (self.path / MARK).read_text(encoding="utf8") if MARK in lies else None
        except (OSError, UnicodeDecodeError) as error:
            raise PyftError(f"{self.path} is no folder that can be read: {error}. Name another with --out.") from error
        if not lies:
            return
        if mark is None:
            what = "a finished model" if CARD in lies else f"other files ({', '.join(sorted(lies)[:3])})"
            raise PyftError(f"{self.path} holds {what}, and nothing is written over. Name a new folder with --out.")
        try:
            kept = json.loads(mark)
            inputs, self.wrote, self.finished = dict(kept["inputs"]), list(kept["wrote"]), bool(kept["finished"])
        except (ValueError, KeyError, TypeError) as error:
            raise PyftError(f"{self.path / MARK} cannot be read ({error}): name a new folder with --out.") from error
        if other := [name for name in self.inputs.keys() | inputs.keys() if self.inputs.get(name) != inputs.get(name)]:
            what = "holds a finished model" if self.finished else "holds a run that was begun"
            raise PyftError(
                f"{self.path} {what} with another {', '.join(sorted(other))}. Name a new folder with --out, or give "
                "the same as then."
            )

    def begin(self) -> None:
        """Mark the folder as this run's, which tries whether it can be written to. Raises `PyftError` if it cannot."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self._mark()
        except OSError as error:
            raise PyftError(f"cannot write in {self.path}: {error}. Name another folder with --out.") from error

    def write(self, name: str, text: str) -> None:
        """Write one of our files, whole or not at all. Raises `PyftError` if one that is not ours has its name."""
        self._own(name)
        write_atomically(self.path / name, text)

    @contextmanager
    def adding(self) -> Iterator[Path]:
        """A folder within; what is saved there stands in ours when the block ends. Raises `PyftError`, see `write`."""
        with TemporaryDirectory(dir=self.path, prefix=".saving-") as beside:
            yield Path(beside)
            for path in sorted(path for path in Path(beside).rglob("*") if path.is_file()):
                name = path.relative_to(beside).as_posix()
                self._own(name)
                (self.path / name).parent.mkdir(exist_ok=True)
                path.replace(self.path / name)

    def finish(self) -> None:
        """Note that all is written, and remove the state of the run: three times the weights, of no use any more."""
        self.finished = True
        self._mark()
        for name in (checkpoint.NAME, f".{checkpoint.NAME}"):
            (self.path / RUN / name).unlink(missing_ok=True)
        if (self.path / RUN).is_dir() and not any((self.path / RUN).iterdir()):
            (self.path / RUN).rmdir()

    def _own(self, name: str) -> None:
        if name in self.wrote:
            return
        if (self.path / name).exists():
            raise PyftError(
                f"{self.path / name} was not written by this run, and is not written over: move it away and run the "
                "same again. What was trained is kept."
            )
        self.wrote.append(name)
        self._mark()

    def _mark(self) -> None:
        kept = {"inputs": self.inputs, "wrote": self.wrote, "finished": self.finished}
        write_atomically(self.path / MARK, dump(kept))


def kept(path: Path) -> str:
    """What of a run is kept in its folder, in words for somebody who interrupted it."""
    if (path / CARD).is_file():
        return f"the model is trained and saved in {path}; the same command does what is left."
    if (path / RUN / checkpoint.NAME).is_file():
        return f"the run is kept in {path} as it was last saved, and the same command goes on from there."
    return "nothing was saved yet, so the same command begins anew."


def file_digest(path: Path | None) -> str | None:
    """sha256 of a file, in hexadecimal; None for none, or for one that is not there."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() if path else None
    except OSError:
        return None
