"""A hub and a package index on this machine, each empty of anything but what its test puts there."""

import os
import threading
from dataclasses import replace

import hub as local
import pytest
from small_hub import GPU, ag_news, bert, conll2003, roberta, sms_spam, sst2, turn_to, xlnet
from toy_project import WHEEL, WORDS, Site, toy, wheel

from pyft.data import fetch
from pyft.data.artefacts import ARTEFACTS, Artefact


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty cache, and none of this machine's own pip configuration."""
    for key in os.environ:
        if key.startswith("PIP_") or key.lower().endswith(("_proxy", "_ca_bundle")):
            monkeypatch.delenv(key)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PYFT_HOME", str(tmp_path / "home"))
    fetch._files.cache_clear()
    yield tmp_path / "home"
    fetch._files.cache_clear()


@pytest.fixture
def site(monkeypatch):
    with Site() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        monkeypatch.setenv("PIP_INDEX_URL", server.index)
        yield server
        server.go_on.set()
        server.shutdown()


@pytest.fixture
def publish(site, monkeypatch):
    """Put an archive on the site and its pins in the table; pins that differ from the archive can be given."""

    def publish(filename: str, archive: bytes, members: dict[str, bytes], **pins) -> Artefact:
        site.filename, site.body = filename, archive
        artefact = replace(toy(filename, archive, members), **pins)
        monkeypatch.setitem(ARTEFACTS, "toy", artefact)
        return artefact

    return publish


@pytest.fixture
def published(publish) -> Artefact:
    return publish(WHEEL, wheel({"toy/words.txt": WORDS, "toy/other.txt": b"other"}), {"toy/words.txt": WORDS})


@pytest.fixture(scope="session")
def content(tmp_path_factory):
    """The files of every repository of the gpu profile, by the name that the profile gives it."""
    folder = tmp_path_factory.mktemp
    return {
        "bert": bert(folder("bert"), lower=True),
        "bert-cased": bert(folder("cased"), lower=False),
        "roberta": roberta(folder("roberta")),
        "xlnet": xlnet(folder("xlnet")),
        "sst2": sst2(),
        "ag-news": ag_news(),
        "sms-spam": sms_spam(),
        "conll2003": conll2003(),
    }


@pytest.fixture
def there(content, monkeypatch, tmp_path):
    """A hub that holds them at the pinned commits, and clients that know of no other and have nothing cached."""
    with local.running() as served:
        for name, checkpoint in GPU.checkpoints.items():
            if checkpoint.hub_id:
                served.repository(checkpoint.hub_id).commit(content[name], checkpoint.revision)
        for name, source in GPU.data.items():
            served.repository(source.hub_id, "dataset").commit(content[name], source.revision)
        turn_to(served, monkeypatch, tmp_path)
        yield served


@pytest.fixture
def impatient(monkeypatch):
    """The client tries again without waiting."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def file(tmp_path):
    """A function: a file of that name with that content."""

    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write
