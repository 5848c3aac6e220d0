"""A package index of one toy project on this machine."""

import hashlib
import io
import subprocess
import sys
import tarfile
import threading
import zipfile
from base64 import b64encode
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from pyft.data.artefacts import Artefact

ROOT = Path(__file__).parents[1]
WHEEL, SDIST = "toy-1.0-py3-none-any.whl", "toy-1.0.tar.gz"
WORDS = bytes(range(256)) * 4000  # about a megabyte: more than the buffers between server and reader hold


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


def offline(monkeypatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")  # nothing listens there


def another_process(artefact: Artefact) -> subprocess.Popen:
    code = (
        "from pyft.data.artefacts import ARTEFACTS, Artefact; from pyft.data.fetch import files\n"
        f"ARTEFACTS['toy'] = {artefact!r}\n"
        "print(files('toy')['words.txt'].stat().st_size)"
    )
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, stdout=-1, stderr=-1)


def leftovers(home: Path) -> list[str]:
    """What lies in the cache other than locks and empty folders."""
    return [p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file() and p.suffix != ".lock"]
