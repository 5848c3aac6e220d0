"""`pyft.fetch` against a package index of one toy project, served on this machine."""

import errno
import hashlib
import io
import os
import re
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from base64 import b64encode
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path, PurePosixPath

import pytest

from pyft import fetch
from pyft.artefacts import ARTEFACTS, Artefact
from pyft.errors import PyftError
from pyft.package_index import PipConfig

ROOT = Path(__file__).parents[1]
WHEEL, SDIST = "toy-1.0-py3-none-any.whl", "toy-1.0.tar.gz"
WORDS = bytes(range(256)) * 4000  # about a megabyte: more than the buffers between server and reader hold


# --- the toy project --------------------------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def wheel(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tar(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for name, to in (links or {}).items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, to
            archive.addfile(entry)
    return out.getvalue()


def toy(filename: str, archive: bytes, members: dict[str, bytes]) -> Artefact:
    return Artefact(
        name="toy",
        requirement="toy==1.0",
        filename=filename,
        sha256=sha256(archive),
        size=len(archive),
        citation="none",
        licence="none",
        members={name: sha256(data) for name, data in members.items()},
    )


class Site(ThreadingHTTPServer):
    """A package index with one project: `body` is its file as served, `asked` the paths that were asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.filename, self.body = WHEEL, b""
        self.json = False
        self.status = 200
        self.account = ""  # if set, who comes without it is turned away
        self.cut = False  # break off in the middle of the file
        self.sending, self.go_on = threading.Event(), threading.Event()  # half the file is out; send the rest
        self.go_on.set()
        self.asked: list[str] = []
        self.encodings: set[str | None] = set()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def index(self) -> str:
        return f"http://{self.host}/simple"

    @property
    def downloads(self) -> int:
        return sum(path.startswith("/files/") for path in self.asked)


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site = self.server
        site.asked.append(self.path)
        site.encodings.add(self.headers["Accept-Encoding"])
        if site.account and self.headers["Authorization"] != f"Basic {b64encode(site.account.encode()).decode()}":
            self.answer(401, "text/plain", b"")
        elif site.status != 200:
            self.answer(site.status, "text/plain", b"")
        elif self.path in ("/simple/toy/", "/links.html"):
            self.page()
        elif self.path == f"/files/{site.filename}":
            self.answer(200, "application/octet-stream", site.body)
        else:
            self.answer(404, "text/plain", b"")

    def page(self) -> None:
        name, kind = self.server.filename, "application/vnd.pypi.simple.v1+json"
        if self.server.json and kind in self.headers["Accept"]:
            files = f'[{{"filename": "{name}", "url": "../../files/{name}", "hashes": {{}}}}]'
            self.answer(200, kind, f'{{"meta": {{"api-version": "1.0"}}, "name": "toy", "files": {files}}}'.encode())
        else:
            self.answer(200, "text/html", f'<a href="/files/{name}#sha256=0">{name}</a>'.encode())

    def answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        if self.path.startswith("/files/"):
            self.server.sending.set()
            self.server.go_on.wait(60)
            if self.server.cut:
                return
        self.wfile.write(body[len(body) // 2 :])

    def handle(self) -> None:
        with suppress(ConnectionError):  # the reader was killed, which is what its test is about
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
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


def offline(monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there


def another_process(artefact: Artefact) -> subprocess.Popen:
    code = (
        "from pyft.artefacts import ARTEFACTS, Artefact; from pyft.fetch import files\n"
        f"ARTEFACTS['toy'] = {artefact!r}\n"
        "print(files('toy')['words.txt'].stat().st_size)"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdout=-1, stderr=-1)


def leftovers(home: Path) -> list[str]:
    """What lies in the cache other than locks and empty folders."""
    return [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"]


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


def test_extra_index_is_tried_when_the_first_lacks_the_file(site, published, monkeypatch):
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


# --- it is refused ----------------------------------------------------------------------------------------------------


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(PyftError, match=r"unknown artefact 'minilmm'.*Did you mean 'minilm'.*icwsm14"):
        fetch.files("minilmm")


def test_wrong_file_is_refused_with_both_sha256(publish, site, home):
    artefact = publish(WHEEL, wheel({"toy/words.txt": WORDS}), {"toy/words.txt": WORDS}, sha256="0" * 64)
    with pytest.raises(PyftError) as error:
        fetch.files("toy")
    for part in ("artefact toy", f"expected sha256 {artefact.sha256}", f"found {sha256(site.body)}", "pyft fetch toy"):
        assert part in str(error.value)
    assert leftovers(home) == []


def test_next_source_is_tried_after_a_wrong_file(site, published, tmp_path, monkeypatch):
    (tmp_path / WHEEL).write_bytes(b"not the file")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS


@pytest.mark.parametrize("honest", [True, False], ids=["broken off", "shorter than it was"])
def test_truncated_file_is_refused(honest, site, published, home):
    site.cut = honest
    if not honest:
        site.body = site.body[:-1]
    with pytest.raises(PyftError, match=f"(?s)artefact toy.*{published.sha256}.*found.*pyft fetch toy"):
        fetch.files("toy")
    assert leftovers(home) == []


def test_endless_file_is_broken_off(site, published, home):
    site.body += bytes(50 << 20)
    site.go_on.clear()  # only the first half would come, and no end of it
    with pytest.raises(PyftError, match="expected sha256"):
        fetch.files("toy")


@pytest.mark.parametrize("path", ["simple", "nowhere"], ids=["file", "project"])
def test_absence_from_the_index_is_told(path, site, published, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{site.host}/{path}")
    site.filename = "toy-2.0-py3-none-any.whl"
    with pytest.raises(
        PyftError, match=rf"(?s)artefact toy: could not fetch {WHEEL}.*has no such file.*pyft fetch toy"
    ):
        fetch.files("toy")


def test_no_network_is_told_once_with_what_to_do(published, monkeypatch):
    offline(monkeypatch)
    with pytest.raises(PyftError) as error:
        fetch.files("toy")
    for part in (
        "artefact toy",
        f"expected: a file with sha256 {published.sha256}",
        "found:",
        "pyft fetch toy",
        "127.0.0.1",
    ):
        assert part in str(error.value)


def test_no_index_and_no_find_links_is_told(site, published, monkeypatch):
    monkeypatch.setenv("PIP_NO_INDEX", "true")
    with pytest.raises(PyftError, match=r"(?s)artefact toy.*--no-index.*pyft fetch toy"):
        fetch.files("toy")
    assert site.asked == []


def test_pips_certificate_wins_over_that_of_the_environment(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "absent.pem"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", os.devnull)
    with pytest.raises(PyftError, match=r"could not fetch(?s:.*)absent\.pem"):
        fetch.files("toy")


def test_an_archive_is_never_asked_for_in_another_encoding(site, published):
    fetch.files("toy")
    assert site.encodings == {"identity"}


def test_missing_certificate_is_not_blamed_on_the_disk(published, tmp_path, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_CERT", str(tmp_path / "absent.pem"))
    with pytest.raises(PyftError, match=r"could not fetch(?s:.*)absent\.pem"):
        fetch.files("toy")


@pytest.mark.parametrize("status", [200, 401, 403, 500, None], ids=lambda s: {None: "closed", 200: "no file"}.get(s, s))
@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"])
def test_passwords_are_never_shown(variable, status, site, published, monkeypatch, capfd):
    site.status, site.filename = status or 200, "toy-2.0.tar.gz"
    host = site.host if status else "127.0.0.1:9"
    monkeypatch.setenv(
        variable, f"http://reader:s3cr%40et@{host}/" + ("links.html" if "LINKS" in variable else "simple")
    )
    with pytest.raises(PyftError, match=host) as error:
        fetch.files("toy")
    assert "s3cr" not in "".join([str(error.value), *capfd.readouterr()])


# --- what is in the archive -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("filename, make", [(WHEEL, wheel), (SDIST, tar)], ids=["wheel", "sdist"])
def test_missing_member_is_told(filename, make, publish, home):
    publish(filename, make({"toy/other.txt": b""}), {"toy/words.txt": WORDS})
    with pytest.raises(PyftError, match=f"artefact toy: expected the member toy/words.txt in {filename}, found none"):
        fetch.files("toy")
    assert leftovers(home) == []


@pytest.mark.parametrize("filename, make", [(WHEEL, wheel), (SDIST, tar)], ids=["wheel", "sdist"])
def test_changed_member_is_refused_with_both_sha256(filename, make, publish, home):
    publish(filename, make({"toy/words.txt": b"changed"}), {"toy/words.txt": WORDS})
    with pytest.raises(PyftError) as error:
        fetch.files("toy")
    for part in ("artefact toy", "toy/words.txt", f"expected sha256 {sha256(WORDS)}", f"found {sha256(b'changed')}"):
        assert part in str(error.value)
    assert leftovers(home) == []


@pytest.mark.parametrize("to", ["words.txt", "../secret", "absent"])
def test_member_that_is_a_link_is_refused_whatever_it_points_to(to, publish, home, tmp_path):
    (tmp_path / "secret").write_bytes(WORDS)
    publish(SDIST, tar({"toy/words.txt": WORDS}, {"toy/link.txt": to}), {"toy/link.txt": WORDS})
    with pytest.raises(PyftError, match=r"artefact toy: expected the member toy/link\.txt"):
        fetch.files("toy")
    assert leftovers(home) == []


@pytest.mark.parametrize("filename, make", [(WHEEL, wheel), (SDIST, tar)], ids=["wheel", "sdist"])
def test_only_the_named_members_are_written_and_none_outside(filename, make, publish, home, tmp_path):
    evil = {"../evil": b"", "../../../evil": b"", str(tmp_path / "evil"): b"", "toy/evil": b""}
    publish(filename, make(evil | {"toy/words.txt": WORDS}), {"toy/words.txt": WORDS})
    before = set(tmp_path.parent.rglob("*evil*"))
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert set(tmp_path.parent.rglob("*evil*")) == before
    assert len(leftovers(home)) == 1


def test_member_whose_own_name_leads_out_is_written_inside(publish, home, tmp_path):
    publish(WHEEL, wheel({"../../evil": b"evil"}), {"../../evil": b"evil"})
    assert fetch.files("toy")["evil"].is_relative_to(home)
    assert [p for p in tmp_path.rglob("evil") if not p.is_relative_to(home)] == []


# --- the disk ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [WHEEL, "words.txt"], ids=["download", "extraction"])
@pytest.mark.parametrize(
    "code, what", [(errno.ENOSPC, "no space left"), (errno.EDQUOT, "no space left"), (errno.EROFS, "cannot write")]
)
def test_full_disk_is_told_with_folder_and_megabytes(file, code, what, site, published, home, monkeypatch):
    really = Path.open

    def opens(path, mode="r", *rest, **more):
        if "w" in mode and path.name == file:
            raise OSError(code, os.strerror(code))
        return really(path, mode, *rest, **more)

    with monkeypatch.context() as full, pytest.raises(PyftError) as error:
        full.setattr(Path, "open", opens)
        fetch.files("toy")
    told = (
        rf"artefact toy: {what}.* in {re.escape(str(home))}: expected about \d+ MB, found \d+ MB free.*pyft fetch toy"
    )
    assert re.match(told, str(error.value))
    assert leftovers(home) == []
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS  # once there is room


def test_cache_that_cannot_be_a_folder_is_told(published, home):
    home.write_text("a file")
    with pytest.raises(PyftError, match=rf"cannot write .* in {re.escape(str(home))}.*PYFT_HOME.*pyft fetch toy"):
        fetch.files("toy")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_read_only_folder_is_told(published, home):
    home.mkdir()
    home.chmod(0o500)
    with pytest.raises(PyftError, match=rf"cannot write .* in {re.escape(str(home))}.*PYFT_HOME.*pyft fetch toy"):
        fetch.files("toy")


def spoil(path: Path) -> None:
    path.write_bytes(b"spoilt")


@pytest.mark.parametrize("harm", [spoil, Path.unlink], ids=["corrupt", "deleted"])
def test_harmed_member_is_noticed_and_fetched_again(harm, site, published, monkeypatch, capsys):
    path = fetch.files("toy")["words.txt"]
    harm(path)
    assert fetch.problems(published)[0].startswith("words.txt ")
    fetch._files.cache_clear()
    assert fetch.files("toy")["words.txt"].read_bytes() == WORDS
    assert site.downloads == 2 and fetch.problems(published) == []
    assert "[fetch] toy: words.txt" in capsys.readouterr().err

    harm(path)
    fetch._files.cache_clear()
    offline(monkeypatch)
    with pytest.raises(PyftError, match="artefact toy"):
        fetch.files("toy")


# --- processes --------------------------------------------------------------------------------------------------------


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


def test_two_processes_at_once_download_once(site, published):
    site.go_on.clear()
    first = another_process(published)
    assert site.sending.wait(60)
    second = another_process(published)
    assert "another process is fetching it; waiting" in second.stderr.readline()
    site.go_on.set()
    assert [process.communicate()[0] for process in (first, second)] == [f"{len(WORDS)}\n"] * 2
    assert site.downloads == 1
