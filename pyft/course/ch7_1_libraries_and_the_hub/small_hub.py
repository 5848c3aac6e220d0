"""A small hub on this machine: repositories as commits of files, for the real client to fetch from.

It answers the three things that `huggingface_hub.snapshot_download` asks: which files a revision has, where one of them
is, and its bytes. `tests/hub.py` has a fuller one, with redirects, byte ranges and errors.
"""

import contextlib
import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

Files = Mapping[str, bytes]
CLIENT = "import sys; from huggingface_hub import snapshot_download as f; print(f(sys.argv[1], revision=sys.argv[2]))"


class Repository:
    """Commits by their hash, and names, such as `main`, that stand for one of them."""

    def __init__(self) -> None:
        self.commits: dict[str, Files] = {}
        self.names: dict[str, str] = {}

    def commit(self, files: Files, name: str = "main") -> str:
        """Keep these files under the hash of their contents, and let `name` stand for it from now on."""
        listed = "".join(f"{path} {hashlib.sha256(content).hexdigest()}\n" for path, content in sorted(files.items()))
        sha = hashlib.sha256(listed.encode()).hexdigest()[:40]
        self.commits[sha], self.names[name] = files, sha
        return sha


@contextlib.contextmanager
def serving(repositories: Mapping[str, Repository]) -> Iterator[str]:
    """The address of a hub with these repositories, by `owner/name`, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            asked = re.fullmatch(r"(?:/api/models)?/([\w.-]+/[\w.-]+)/(revision|tree|resolve)/([^/]+)/?(.*)", path)
            repository = repositories.get(asked[1]) if asked else None
            if asked is None or repository is None:
                return self.say(404, b"", {"X-Error-Code": "RepoNotFound"})
            sha = repository.names.get(asked[3], asked[3])
            files = repository.commits.get(sha)
            if files is None:
                return self.say(404, b"", {"X-Error-Code": "RevisionNotFound"})
            if asked[2] == "revision":
                siblings = [{"rfilename": name} for name in files]
                told = {"id": asked[1], "sha": sha, "private": False, "tags": [], "siblings": siblings}
                return self.say(200, json.dumps(told).encode(), {"Content-Type": "application/json"})
            if asked[2] == "tree":
                tree = [{"type": "file", "path": p, "size": len(c), "oid": "0" * 40} for p, c in files.items()]
                return self.say(200, json.dumps(tree).encode(), {"Content-Type": "application/json"})
            if asked[4] not in files:
                return self.say(404, b"", {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
            content = files[asked[4]]
            etag = hashlib.sha256(content).hexdigest()
            return self.say(200, content, {"X-Repo-Commit": sha, "ETag": f'"{etag}"'})

        do_HEAD = do_GET  # noqa: N815

        def say(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def fetch(url: str, name: str, revision: str, cache: Path) -> Path:
    """The folder into which the real client, in a process of its own, fetches a revision of a repository.

    The client reads its settings once, when it is imported; a page's own kernel is told to stay offline.
    """
    settings = {"HF_ENDPOINT": url, "HF_HOME": str(cache), "HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1"}
    settings |= {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1"}
    command = [sys.executable, "-c", CLIENT, name, revision]
    done = subprocess.run(command, env=os.environ | settings, capture_output=True, text=True, check=True)
    return Path(done.stdout.strip().splitlines()[-1])
