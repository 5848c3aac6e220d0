"""Build the published book with Jupyter Book: from stored outputs, execution off, warnings as errors."""

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from pyft import paths
from pyft.book.chapters import read_yaml
from pyft.book.pages import first_page
from pyft.book.runner import only_one, say
from pyft.errors import PyftError
from pyft.paths import repository

HTML = paths.BUILD / "html"
COLAB_BRANCH = "colab"  # where the publishing workflow puts the Colab edition


def build() -> Path:
    """Build next to the old book and swap when it is complete; return the path of its index page.

    Raises:
        PyftError: Jupyter Book warned or failed; its lines are on the screen. The old book is left as it was.
    """
    with only_one("book"):
        start = time.monotonic()
        say("[book] building …")
        fresh = paths.BUILD / "building"
        shutil.rmtree(fresh, ignore_errors=True)  # what a killed build left
        fresh.mkdir(parents=True)
        config = fresh / "_config.yml"
        config.write_text(yaml.safe_dump(configuration(), allow_unicode=True), encoding="utf8")
        start_it = "from jupyter_book.cli.main import main; main()"  # its module has no __main__
        command = [
            sys.executable,
            "-c",
            start_it,
            "build",
            str(paths.ROOT),
            "--quiet",
            "--warningiserror",
            "--keep-going",
        ]
        command += ["--config", str(config), "--toc", str(paths.ROOT / "_toc.yml"), "--path-output", str(fresh)]
        done = subprocess.run(
            command, cwd=paths.ROOT, capture_output=True, text=True, encoding="utf8", errors="replace"
        )
        html = fresh / "_build" / "html"
        if done.returncode or not (html / "index.html").is_file():
            raise PyftError(
                f"Jupyter Book failed:\n{_last_lines(done.stdout + done.stderr)}\n"
                "The book built before, if any, is untouched."
            )
        # Jupyter Book's own page at the root has no title, no language and no icon.
        (html / "index.html").write_text(first_page("book/index.html", configuration()["title"]), encoding="utf8")
        old = paths.BUILD / "old-html"
        shutil.rmtree(old, ignore_errors=True)
        if HTML.exists():
            HTML.rename(old)
        html.rename(HTML)
        shutil.rmtree(old, ignore_errors=True)
        shutil.rmtree(fresh, ignore_errors=True)
        say(f"[book] {(HTML / 'index.html').relative_to(paths.ROOT)} built in {time.monotonic() - start:.0f} s")
    return HTML / "index.html"


def configuration() -> dict[str, Any]:
    """`_config.yml`, with launch buttons and the book's address if it is known where its repository is.

    Raises:
        PyftError: the file is damaged.
    """
    config = read_yaml("_config.yml")
    try:
        of_sphinx, of_html = {**config["sphinx"]["config"]}, {**config["html"]}  # a list is no mapping
    except (KeyError, TypeError, ValueError) as error:
        raise PyftError(
            f"_config.yml lacks a setting ({type(error).__name__}: {error}). Restore it: git checkout -- _config.yml"
        ) from error
    address = repository()
    if address is None:
        say("[book] no GitHub `origin` and no PYFT_REPOSITORY: the book is built without launch buttons")
    else:
        config["repository"] = {"url": address, "branch": COLAB_BRANCH, "path_to_book": ""}
        config["launch_buttons"] = {"colab_url": "https://colab.research.google.com"}
        of_html["use_repository_button"] = True
        of_html["baseurl"] = pages_address(address)
    return config | {"sphinx": config["sphinx"] | {"config": of_sphinx}, "html": of_html}


def pages_address(address: str) -> str:
    """Where GitHub publishes the pages of a repository: https://github.com/OWNER/NAME at OWNER's github.io."""
    owner, name = address.rstrip("/").split("/")[-2:]
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def pages() -> list[str]:
    """The pages of the book in their order, as addresses in the built site."""
    toc = read_yaml("_toc.yml")

    def files(entry: dict[str, Any]) -> list[str]:
        below = [*entry.get("chapters", []), *entry.get("sections", []), *entry.get("parts", [])]
        return [name for name in [entry.get("file") or entry.get("root")] if name] + [
            f for e in below for f in files(e)
        ]

    return [f"{name}.html" for name in files(toc)]


def _last_lines(text: str, most: int = 40) -> str:
    return "\n".join(text.strip().splitlines()[-most:])
