"""A browser before the built book."""

import json
from pathlib import Path

import pytest

from pyft.book import browser

HERE = Path(__file__).parent
STILL = """const style = document.createElement("style");
style.textContent = "* { transition: none !important; }";
document.head.append(style);"""  # else a colour may be looked at on its way from one theme to the other


class Reader:
    """A reader's browser: it opens a page of the site, and says what it saw and asked for."""

    def __init__(self, driver, address):
        self.driver, self.address = driver, address

    def open(self, page, width=1300, height=900):
        """Open a page at a width; what it asked for by the network, and what stands in its console."""
        self.width(width, height)
        self.driver.get_log("browser"), self.driver.get_log("performance")
        self.driver.get(self.address + page)
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [e["params"]["request"]["url"] for e in events if e["method"] == "Network.requestWillBeSent"]
        return asked, [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] != "INFO"]

    def width(self, width, height=900):
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def look(self):
        return self.driver.execute_script((HERE / "look.js").read_text(encoding="utf8"))

    def accessibility(self, theme):
        """What axe finds serious or critical in a theme, "light" or "dark"."""
        self.driver.execute_script(STILL)
        self.driver.execute_script("document.documentElement.dataset.theme = arguments[0]", theme)
        if not self.driver.execute_script("return 'axe' in window"):
            self.driver.execute_script((HERE / "axe.min.js").read_text(encoding="utf8"))
        found = self.driver.execute_async_script(
            "axe.run(document, {resultTypes: ['violations']}).then(r => arguments[arguments.length - 1](r.violations))"
        )
        serious = [rule for rule in found if rule["impact"] in {"serious", "critical"}]
        return [f"{theme}: {rule['id']}: {node['html'][:120]}" for rule in serious for node in rule["nodes"]]


@pytest.fixture(scope="session")
def reader(html):
    if browser.browser() is None:
        pytest.skip("no Chromium with its driver on this machine: apt-get install chromium chromium-driver")
    with browser.served(html) as address, browser.chromium() as driver:
        yield Reader(driver, address)
