"""One training at a time into an output folder, and errors of its disk in words."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from safetensors import SafetensorError

from pyft.errors import PyftError
from pyft.finetune.hardware import processes
from pyft.finetune.output_folder import MARK, kept


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold an output folder for a whole training, by a lock beside it; of several processes the first holds it.

    The operating system frees it however this process ends. A folder beside which nothing can be written, such as a
    mounted one, goes without. What a killed process was saving is removed: half of the weights, which are saved anew.

    Raises:
        PyftError: another command holds the folder, or the disk failed; says what is kept.
    """
    if processes()[0] > 0:
        yield
        return
    path = folder.resolve()  # one lock for all names of a folder
    lock = FileLock(path.parent / f".{path.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise PyftError(
            f"another pyft finetune is training into {folder}: wait for it, or name another folder with --out."
        ) from None
    except OSError:
        pass  # whether the folder itself can be written to is tried before the first step
    try:
        _remove_half_saved(path)
        yield
    except (OSError, SafetensorError) as error:  # safetensors has an error of its own for a full disk
        raise PyftError(
            f"the training into {folder} stopped: {error}. If the disk is full, make room on it. What is kept: "
            f"{kept(folder)}"
        ) from error
    finally:
        lock.release()


def _remove_half_saved(folder: Path) -> None:
    """Remove what `OutputFolder.adding` was filling when its process was killed, where the folder is a run's."""
    if (folder / MARK).is_file():
        for path in folder.glob(".saving-*/"):
            shutil.rmtree(path, ignore_errors=True)
