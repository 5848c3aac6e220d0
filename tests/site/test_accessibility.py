"""What axe, in a browser, finds on the built pages. A file of its own: it takes as long as all else here."""

import pytest

from pyft.book.build import pages

pytestmark = pytest.mark.slow
PAGES = [*pages(), "search.html"]


@pytest.mark.parametrize("page", PAGES)
def test_axe_finds_nothing_serious_in_light_and_dark(reader, page):
    reader.open(page)
    assert [fault for theme in ("light", "dark") for fault in reader.accessibility(theme)] == []
