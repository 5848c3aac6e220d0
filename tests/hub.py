"""A small hub of models and data sets on this machine, for the real `huggingface_hub` and `datasets` clients.

It answers what those clients ask of the real one: information on a repository, its tree, the addresses of its files
(`resolve`), the files themselves with byte ranges, and the errors by their codes. As there, a small file is a git blob
(its ETag is git's own hash) behind a relative redirect, and a big one (`LFS`) lies behind an absolute redirect to a
store, under its sha256. What the real one can do besides (Xet, writing, tokens) is left out.

Every request is kept in `hub.asked`. `hub.cut(file)` breaks the connection once in the middle of that file.
"""

import hashlib
import json
import posixpath
import re
from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Thread
from urllib.parse import parse_qs, unquote, urlsplit

LFS = (".safetensors", ".parquet", ".bin", ".h5", ".ot")
_ASKED = re.compile(
    r"/(?P<api>api/resolve-cache/|api/)?(?P<kind>models/|datasets/)?(?P<name>[\w.-]+/[\w.-]+?)"
    r"(/((?P<verb>revision|tree|paths-info|resolve)/)?(?P<revision>refs/[^/]+/[^/]+|[^/]+)(/(?P<path>.+))?)?"
)


@dataclass
class Repository:
    """Files by commit, commits by name (`main`, `refs/pr/1`); `gated`: its files are only for those who were let in."""

    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)
    gated: bool = False

    def commit(self, files, sha=None, ref="main"):
        """Add a commit of these files, and let `ref` stand for it; its hash is made from the files if none is given."""
        stated = "".join(f"{path} {_git(content)}\n" for path, content in sorted(files.items()))
        sha = sha or hashlib.sha1(stated.encode()).hexdigest()  # noqa: S324 (as git does)
        self.commits[sha], self.refs[ref] = dict(files), sha
        return sha

    def find(self, revision):
        """The commit that a name or a hash stands for, None if there is none."""
        sha = self.refs.get(revision, revision)
        return sha if sha in self.commits else None


def _git(content):
    """The hash that git gives a file."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # noqa: S324


def _entry(path, content):
    """One file of a tree, as the hub lists it."""
    entry = {"type": "file", "path": path, "size": len(content), "oid": _git(content)}
    if path.endswith(LFS):
        sha256 = hashlib.sha256(content).hexdigest()
        entry["lfs"] = {"oid": sha256, "size": len(content), "pointerSize": 134}
    return entry


class Hub:
    """Repositories by kind and name, `("model", "owner/name")` or `("dataset", …)`, and the server in front of them."""

    def __init__(self):
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.asked: list[tuple[str, str, str | None]] = []  # method, path, range
        self.ill = False  # answers everything with 503
        self._cuts: dict[str, tuple[int, Callable[[], None]]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self.connections: set[socket] = set()
        port = self._server.server_address[1]
        self.url, self.store = f"http://127.0.0.1:{port}", f"http://localhost:{port}/store"  # to a client, two hosts
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def repository(self, name, kind="model"):
        return self.repositories.setdefault((kind, name), Repository())

    def cut(self, name, times=1, then=lambda: None):
        """Break the connection in the middle of files of that name, as often as said, and do what is said."""
        self._cuts[name] = times, then

    def cuts(self, name):
        """What to do after the cut, if there is to be one now; counts down."""
        times, then = self._cuts.pop(name, (0, None))
        if times > 1:
            self._cuts[name] = times - 1, then
        return then

    def fetched(self):
        """The names of the files whose content was asked for, in order."""
        content = ("/store/", "/api/resolve-cache/")
        return [
            posixpath.basename(path) for method, path, _ in self.asked if method == "GET" and path.startswith(content)
        ]

    def stop(self):
        """Be gone: from now on nobody listens, and connections that were kept open are closed."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self.connections):
            with suppress(OSError):  # closed already
                connection.shutdown(SHUT_RDWR)


@contextmanager
def running():
    """A hub for the time of a `with`."""
    hub = Hub()
    try:
        yield hub
    finally:
        hub.stop()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.hub.connections.add(self.connection)

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._answer()

    def do_GET(self):
        self._answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        as_json = self.headers.get("Content-Type", "").startswith("application/json")
        self._answer(json.loads(body) if as_json else parse_qs(body))

    def _answer(self, body=None):
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append((self.command, path, self.headers.get("Range")))
        if self.hub.ill:
            return self._send(503, b"", {})
        if path.startswith("/store/"):
            return self._store(*path.removeprefix("/store/").split("/", 1))
        asked = _ASKED.fullmatch(path)
        kind = "dataset" if asked and asked["kind"] == "datasets/" else "model"
        repository = self.hub.repositories.get((kind, asked["name"])) if asked else None
        if repository is None:  # not "there is none": the hub tells strangers nothing of private ones
            return self._error(404 if "Authorization" in self.headers else 401, "RepoNotFound", "Repository not found")
        sha = repository.find(asked["revision"] or "main")
        if sha is None:
            return self._error(404, "RevisionNotFound", f"Invalid rev id: {asked['revision']}")
        files = repository.commits[sha]
        if asked["api"] == "api/":
            return self._api(asked, repository, sha, files, body)
        if repository.gated:
            code = 403 if "Authorization" in self.headers else 401
            return self._error(code, "GatedRepo", f"Access to {kind} {asked['name']} is restricted.")
        if asked["path"] not in files:
            return self._error(404, "EntryNotFound", "Entry not found", {"X-Repo-Commit": sha})
        return self._file(asked, sha, files[asked["path"]])

    def _api(self, asked, repository, sha, files, body):
        """Information on a repository, its tree, or some paths of it."""
        inside = f"{asked['path']}/" if asked["path"] else ""
        entries = [_entry(path, content) for path, content in files.items() if path.startswith(inside)]
        folders = {folder for path in files for folder in _parents(path) if folder.startswith(inside)}
        entries += [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders)]
        if asked["verb"] == "tree":
            recursive = "true" in parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower()
            if inside and not entries:
                return self._error(404, "EntryNotFound", f"{asked['path']} does not exist")
            return self._json([e for e in entries if recursive or "/" not in e["path"].removeprefix(inside)])
        if asked["verb"] == "paths-info":
            return self._json([entry for entry in entries if entry["path"] in body["paths"]])
        siblings = [{"rfilename": path} for path in files]
        name, gated = asked["name"], "manual" if repository.gated else False
        known = {"id": name, "sha": sha, "private": False, "gated": gated, "tags": [], "siblings": siblings}
        return self._json(known | {"modelId": name, "downloads": 0, "likes": 0})

    def _file(self, asked, sha, content):
        """Where a file is (`resolve`), or the file itself (`resolve-cache`)."""
        etag = {"X-Repo-Commit": sha, "ETag": f'"{_git(content)}"'}
        if asked["path"].endswith(LFS):
            sha256 = hashlib.sha256(content).hexdigest()
            linked = {"X-Linked-Size": str(len(content)), "X-Linked-Etag": f'"{sha256}"'}
            name = posixpath.basename(asked["path"])
            return self._send(302, b"", etag | linked | {"Location": f"{self.hub.store}/{sha256}/{name}"})
        if asked["api"] is None:
            kind = asked["kind"] or "models/"
            location = f"/api/resolve-cache/{kind}{asked['name']}/{sha}/{asked['path']}"
            return self._send(307, b"", etag | {"Location": location})
        return self._send(200, content, etag)

    def _store(self, sha256, name):
        """A big file by its sha256, whole or from some byte on; cut in the middle if the test said so."""
        everything = (c for r in self.hub.repositories.values() for files in r.commits.values() for c in files.values())
        content = next(c for c in everything if hashlib.sha256(c).hexdigest() == sha256)
        headers = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes"}
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        status, start, end = 200, 0, len(content)
        if wanted:
            status, start = 206, int(wanted[1])
            end = min(end, int(wanted[2]) + 1) if wanted[2] else end
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(content)}"
        return self._send(status, content[start:end], headers, self.hub.cuts(name) if self.command == "GET" else None)

    def _json(self, value):
        self._send(200, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def _error(self, status, code, message, headers=None):
        said = {"X-Error-Code": code, "X-Error-Message": message}
        self._send(status, json.dumps({"error": message}).encode(), said | (headers or {}))

    def _send(self, status, content, headers, cut=None):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.wfile.flush()
            self.close_connection = True
            cut()


def _parents(path):
    while path := posixpath.dirname(path):
        yield path
