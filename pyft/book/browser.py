"""The built book in the Chromium of this machine: for printing it, and for the tests of its pages."""

import functools
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pyft.errors import PyftError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def browser() -> str | None:
    """The path of Chromium or Chrome, if there is one with its driver."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    return found if shutil.which("chromedriver") else None


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser, as Selenium's driver; it is ended afterwards.

    Raises:
        PyftError: there is no Chromium, or not its driver.
    """
    from selenium import webdriver

    if (path := browser()) is None:
        raise PyftError(
            "no Chromium with its driver: pages are printed by a browser. Expected `chromium` and `chromedriver` on "
            "the PATH; on Debian and Ubuntu: apt-get install chromium chromium-driver"
        )
    options = webdriver.ChromeOptions()
    options.binary_location = path
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address at which a folder is served on this machine, while the block runs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
