"""A repository of a model hub, at one commit -> a folder on this machine; every failure is one `PyftError`.

Files go into the hub client's own cache and are read from there. Why a repository's name is not simply handed to
`AutoModel` and `datasets.load_dataset`: without safetensors the first asks the hub to convert the weights, and where a
pinned commit cannot be had the second takes whichever one its cache holds.
"""

import errno
import functools
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from tqdm import tqdm

from pyft.errors import PyftError

LAPTOP = 'The "laptop" profile needs no model hub: set PROFILE = "laptop".'


def snapshot(
    hub_id: str, revision: str | None, wanted: Sequence[str], unwanted: Sequence[str] = (), kind: str = "model"
) -> Path:
    """The folder with the files of a repository whose paths match `wanted` and not `unwanted`; its name is the commit.

    `revision` is a commit, a branch or a tag; None is the newest commit. If it is not a commit, which one it stands for
    is said once. A commit that was fetched once needs no network again.

    Raises:
        PyftError: no network, no such repository or revision, a gated repository, no space; says what to do.
    """
    which: dict[str, Any] = {"repo_type": kind, "revision": revision}
    files: dict[str, Any] = {"allow_patterns": list(wanted), "ignore_patterns": list(unwanted)}
    with _told(hub_id, revision, kind):
        try:
            snapshot_download(hub_id, **which, **files, local_files_only=True)
        except LocalEntryNotFoundError:  # ask once: the download itself would try again and again for half a minute
            with suppress(EntryNotFoundError):
                get_hf_file_metadata(hf_hub_url(hub_id, ".gitattributes", **which))
        folder = Path(snapshot_download(hub_id, **which, **files, tqdm_class=_Bar))
    if revision != folder.name:
        _say(f'[hub] {hub_id} is at commit {folder.name}; to have the same again, write "{hub_id}@{folder.name}"')
    return folder


class _Bar(tqdm):  # type: ignore[type-arg]  # a generic in its stubs alone
    """A bar where there is a terminal, as everywhere in pyft."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"disable": None, "leave": False})


@functools.cache
def _say(line: str) -> None:
    """Once a process."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def _told(hub_id: str, revision: str | None, kind: str) -> Iterator[None]:
    """Turn any error of the client into one that the reader can act on."""
    page = f"{constants.ENDPOINT}/{'datasets/' if kind == 'dataset' else ''}{hub_id}"
    cache = Path(constants.HF_HUB_CACHE)
    try:
        yield
        return
    except GatedRepoError as error:  # is a RepositoryNotFoundError too
        said, cause = f"the repository is gated. Accept its terms on {page}, then log in: hf auth login.", error
    except RepositoryNotFoundError as error:
        said, cause = (
            f"no repository {page}, or a private one. Check its name; for a private one: hf auth login.",
            error,
        )
    except RevisionNotFoundError as error:
        said, cause = f"the repository has no revision {revision!r}. It has those of {page}/commits/main.", error
    except (OSError, ValueError) as error:
        said, cause = f"{_first(error)}.", error
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            free = shutil.disk_usage(next(p for p in (cache, *cache.parents) if p.exists())).free
            said = f"no space left in {cache} ({free / 1e6:.0f} MB free). Make room, or set HF_HOME to another folder."
    except Exception as error:  # what the client's HTTP library raises; which library depends on the client's version
        said = (
            f"no connection to {constants.ENDPOINT} ({_first(error)}). Connect once: what was fetched stays in {cache}."
        )
        cause = error
    at = f"{hub_id}@{revision}" if revision else hub_id
    raise PyftError(f"could not load {at}: {said} {LAPTOP}") from cause


def _first(error: BaseException) -> str:
    """The first line of an error's text, its type if it has none."""
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
