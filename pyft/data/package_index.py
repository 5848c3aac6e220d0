"""Where pip would look for a file: its indexes and folders, with its proxy, certificates and passwords."""

import ast
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

import requests
from pypi_simple import PYPI_SIMPLE_ENDPOINT, NoSuchProjectError, PyPISimple, RepositoryPage

from pyft.data.artefacts import Artefact


class _Session(requests.Session):
    """A session whose own `verify` holds: requests would let REQUESTS_CA_BUNDLE win over pip's settings."""

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        own = self.verify if verify is None and self.verify is not True else verify
        return super().merge_environment_settings(url, proxies, stream, own, cert)


@dataclass(frozen=True)
class PipConfig:
    """The part of pip's configuration that says where files come from and how to reach them."""

    indexes: tuple[str, ...]
    find_links: tuple[str, ...] = ()
    cert: str | None = None
    client_cert: str | None = None
    proxy: str | None = None
    trusted_hosts: tuple[str, ...] = ()
    timeout: float = 15.0

    @classmethod
    def read(cls) -> "PipConfig":
        """Ask pip itself; where there is no pip, its environment variables alone are read."""
        asked = subprocess.run(
            [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
        )
        options: dict[str, str] = {}
        for section in ("global", "install", "download", ":env:"):  # pip's own precedence, last wins
            for line in asked.stdout.splitlines() if asked.returncode == 0 else []:
                key, _, value = line.partition("=")
                if key.startswith(section + ".") and value != "''":  # to pip, too, an empty one is unset
                    options[key.removeprefix(section + ".")] = str(ast.literal_eval(value))
        options |= {k[4:].lower().replace("_", "-"): v for k, v in os.environ.items() if k.startswith("PIP_") and v}
        no_index = options.get("no-index", "").lower() in {"1", "true", "yes", "on"}
        main = [options.get("index-url", PYPI_SIMPLE_ENDPOINT), *options.get("extra-index-url", "").split()]
        return cls(
            indexes=() if no_index else tuple(main),
            find_links=tuple(options.get("find-links", "").split()),
            cert=options.get("cert"),
            client_cert=options.get("client-cert"),
            proxy=options.get("proxy"),
            trusted_hosts=tuple(options.get("trusted-host", "").split()),
            timeout=float(options.get("timeout", options.get("default-timeout", 15))),
        )

    def session(self) -> requests.Session:
        """A session that reaches hosts as pip would: proxy, certificates, .netrc."""
        session = _Session()
        session.headers["Accept-Encoding"] = "identity"  # as pip: a .tar.gz must not be unzipped on the way
        session.verify = self.cert or True
        session.cert = self.client_cert
        if self.proxy:
            session.proxies = {"http": self.proxy, "https": self.proxy}
        session.mount("https://", requests.adapters.HTTPAdapter(max_retries=2))
        return session

    def trusts(self, url: str) -> bool:
        parts = urlsplit(url)
        return parts.hostname in self.trusted_hosts or parts.netloc.rpartition("@")[2] in self.trusted_hosts


def local_path(url: str) -> Path | None:
    """The path that a find-links entry or a file: address names, else None."""
    if url.startswith("file:"):
        return Path(url2pathname(urlsplit(url).path))
    return None if "://" in url else Path(url).expanduser()


def find(
    artefact: Artefact, source: str, is_index: bool, session: requests.Session, timeout: float
) -> str | Path | None:
    """The address or path of the artefact's file in one source; None if it is not there."""
    folder = local_path(source)
    if folder is not None:
        folder = folder / artefact.project.lower() if is_index else folder
        if (folder / artefact.filename).is_file():
            return folder / artefact.filename
        page = folder / "index.html" if folder.is_dir() else folder
        if not page.is_file():
            return None
        links = [(link.text, link.url) for link in RepositoryPage.from_html(page.read_bytes(), page.as_uri()).links]
    elif is_index:
        try:
            project = PyPISimple(source, session=session).get_project_page(artefact.project, timeout=timeout)
        except NoSuchProjectError:
            return None
        links = [(package.filename, package.url) for package in project.packages]
    else:
        answer = session.get(source, timeout=timeout)
        answer.raise_for_status()
        links = [(link.text, link.url) for link in RepositoryPage.from_html(answer.content, answer.url).links]
    for text, url in links:
        if artefact.filename in (text, PurePosixPath(unquote(urlsplit(url).path)).name):
            return local_path(url) or url
    return None
