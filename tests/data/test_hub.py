"""One repository of a hub on this machine, through the real clients: what is fetched, kept, refused and said."""

import errno
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import hub as local
import huggingface_hub
import pytest
from small_hub import GPU, said_by, turn_to

from pyft.data import hub

# --- a repository -----------------------------------------------------------------------------------------------------


BIG = bytes(random.Random(0).randbytes(3_000_000))


@pytest.fixture
def repository(there):
    made = there.repository("some/model")
    made.commit({"config.json": b"{}", "model.safetensors": BIG, "sub/config.json": b"[]", "notes.md": b"not wanted"})
    return made


def whole(revision):
    return hub.snapshot("some/model", revision, ["*.json", "*.safetensors"], ["*/*"])


def test_what_is_wanted_is_fetched_and_nothing_else(there, repository):
    folder = whole(repository.refs["main"])
    assert folder.name == repository.refs["main"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "config.json": b"{}",
        "model.safetensors": BIG,
    }
    assert sorted(there.fetched()) == ["config.json", "model.safetensors"]


def test_a_pinned_commit_is_fetched_once_and_then_needs_no_network(there, repository):
    first = whole(repository.refs["main"])
    there.asked.clear()
    assert whole(repository.refs["main"]) == first
    assert there.asked == []
    there.stop()
    assert whole(repository.refs["main"]) == first


def test_a_pin_stays_where_it_is_when_the_branch_moves_on(repository):
    old = repository.refs["main"]
    new = repository.commit({"config.json": b"{} ", "model.safetensors": b"other"})
    assert (whole(old) / "model.safetensors").read_bytes() == BIG
    assert (whole(None) / "model.safetensors").read_bytes() == b"other"
    assert whole(None).name == new


def test_a_connection_that_is_cut_goes_on_from_the_byte_where_it_was_cut(there, repository, impatient, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", 50_000)  # ten megabytes, and a file of more
    there.cut("model.safetensors", times=2)
    folder = whole(repository.refs["main"])
    assert (folder / "model.safetensors").read_bytes() == BIG
    ranges = [span for method, path, span in there.asked if method == "GET" and path.endswith("model.safetensors")]
    assert ranges == [None, "bytes=1500000-", "bytes=2250000-"]


def test_after_a_download_that_failed_only_what_is_missing_is_fetched(
    there, repository, impatient, monkeypatch, tmp_path
):
    pin = repository.refs["main"]
    there.cut("model.safetensors", then=there.stop)
    assert "no connection" in said_by(whole, pin)
    with local.running() as again:
        again.repositories = there.repositories
        turn_to(again, monkeypatch, tmp_path)
        assert (whole(pin) / "model.safetensors").read_bytes() == BIG
        assert again.fetched() == ["model.safetensors"]


def test_an_interrupted_download_is_not_taken_for_a_whole_one_when_the_network_is_gone(there, repository, impatient):
    there.cut("model.safetensors", then=there.stop)
    for _ in range(2):
        assert "no connection" in said_by(whole, repository.refs["main"])


@pytest.mark.parametrize("revision", [None, "main", "refs/pr/1"])
def test_what_is_not_pinned_says_once_which_commit_it_got(repository, capfd, revision):
    pull = repository.commit({"config.json": b"1"}, ref="refs/pr/1")
    for _ in range(2):
        folder = whole(revision)
    assert folder.name == (pull if revision == "refs/pr/1" else repository.refs["main"])
    line = f'[hub] some/model is at commit {folder.name}; to have the same again, write "some/model@{folder.name}"\n'
    assert capfd.readouterr() == ("", line)


def test_a_pinned_commit_is_fetched_without_a_word(repository, capfd):
    whole(repository.refs["main"])
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("name", "revision", "what"),
    [
        (
            "some/thing",
            None,
            "could not load some/thing: no repository {url}/some/thing, or a private one. Check its name",
        ),
        ("some/thing", "0" * 40, f"could not load some/thing@{'0' * 40}: no repository "),
        ("some/model", "0" * 40, f"could not load some/model@{'0' * 40}: the repository has no revision '{'0' * 40}'"),
        ("some/model", "dev", "the repository has no revision 'dev'. It has those of {url}/some/model/commits/main"),
        (
            "some/gated",
            None,
            "the repository is gated. Accept its terms on {url}/some/gated, then log in: hf auth login.",
        ),
        ("not/a/name", None, "could not load not/a/name: Repo id must be in the form"),
    ],
)
@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_what_cannot_be_had_is_said_with_what_to_do(there, name, revision, what, kind):
    there.repository("some/model", kind).commit({"config.json": b"{}"})
    there.repository("some/gated", kind).commit({"config.json": b"{}"})
    there.repository("some/gated", kind).gated = True
    said = said_by(hub.snapshot, name, revision, ["*.json"], (), kind)
    assert what.format(url=there.url + ("/datasets" if kind == "dataset" else "")) in said


def test_a_user_without_access_gets_the_same_error(there, monkeypatch):
    there.repository("some/gated").commit({"config.json": b"{}"})
    there.repository("some/gated").gated = True
    monkeypatch.setenv("HF_TOKEN", "hf_of_somebody")
    assert "the repository is gated" in said_by(hub.snapshot, "some/gated", None, ["*"])
    assert "no repository" in said_by(hub.snapshot, "some/thing", None, ["*"])


def test_without_network_it_is_said_at_once(there, repository, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: pytest.fail("waited"))
    there.stop()
    for revision in (None, repository.refs["main"]):
        said = said_by(whole, revision)
        assert f"no connection to {there.url} (" in said
        assert "Connect once: what was fetched stays in " in said


def test_offline_mode_is_named_in_the_error(repository, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    assert "offline mode is enabled" in said_by(whole, repository.refs["main"])


def test_a_hub_with_a_server_error_is_named_in_the_error(there, repository):
    there.ill = True
    assert "503 Service Unavailable" in said_by(whole, repository.refs["main"])


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), r"no space left in {cache} ("),
        (PermissionError(errno.EACCES, "Permission denied", "blob"), "Permission denied"),
        (RuntimeError(), "RuntimeError"),  # whatever a client's library raises
    ],
)
def test_a_disk_that_is_full_or_closed_is_named_in_the_error(repository, monkeypatch, tmp_path, error, what):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr(huggingface_hub.file_download, "http_get", fail)
    assert what.format(cache=tmp_path / "hub") in said_by(whole, repository.refs["main"])


# --- all of it, by the environment alone ------------------------------------------------------------------------------


STORY = """
import json, sys
from pyft import data, models
from pyft.errors import PyftError
for _ in sys.stdin:  # one line for each time that it is to be told
    told = [data.fingerprint(data.load("sst2", "gpu"))]
    for name in ("bert", "xlnet"):
        try:
            told.append(models.digest(models.load(name, "sequence-classification", "gpu")[0].base_model))
        except PyftError as error:
            told.append(str(error))
    print(json.dumps(told), flush=True)
"""


@pytest.mark.long
def test_a_reader_sets_nothing_but_where_the_hub_is(there, tmp_path):
    """Another process, as a reader has it, with HF_ENDPOINT and HF_HOME; first with the hub, then without."""
    home = {
        "HF_ENDPOINT": there.url,
        "HF_HOME": str(tmp_path / "home"),
        "PYTHONPATH": str(Path(hub.__file__).parents[1]),
    }
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))} | home
    there.repositories["model", GPU.checkpoints["xlnet"].hub_id].gated = True
    command = [sys.executable, "-c", STORY]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, **pipes) as reader:

        def told():
            reader.stdin.write("\n")
            reader.stdin.flush()
            return json.loads(reader.stdout.readline())

        *first, refused = told()
        assert "gated" in refused
        there.stop()
        *second, refused = told()
        assert second == first and len(first[1]) == 64
        assert f"no connection to {there.url}" in refused
        reader.stdin.close()
