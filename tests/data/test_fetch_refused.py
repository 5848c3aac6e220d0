"""What `pyft.data.fetch` refuses: wrong, missing or unsafe files, no network, a full disk."""

import errno
import os
import re
from pathlib import Path

import pytest
from toy_project import SDIST, WHEEL, WORDS, leftovers, offline, sha256, tar, wheel

from pyft.data import fetch
from pyft.errors import PyftError

pytestmark = pytest.mark.usefixtures("home")

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
def test_absence_from_the_index_is_reported(path, site, published, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"http://{site.host}/{path}")
    site.filename = "toy-2.0-py3-none-any.whl"
    with pytest.raises(
        PyftError, match=rf"(?s)artefact toy: could not fetch {WHEEL}.*has no such file.*pyft fetch toy"
    ):
        fetch.files("toy")


def test_no_network_is_reported_once_with_what_to_do(published, monkeypatch):
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


def test_no_index_and_no_find_links_is_reported(site, published, monkeypatch):
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
def test_missing_member_is_reported(filename, make, publish, home):
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
def test_member_that_is_a_link_is_always_refused(to, publish, home, tmp_path):
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


@pytest.mark.long
@pytest.mark.parametrize("file", [WHEEL, "words.txt"], ids=["download", "extraction"])
@pytest.mark.parametrize(
    "code, what", [(errno.ENOSPC, "no space left"), (errno.EDQUOT, "no space left"), (errno.EROFS, "cannot write")]
)
def test_full_disk_is_reported_with_folder_and_megabytes(file, code, what, site, published, home, monkeypatch):
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


def test_cache_that_cannot_be_a_folder_is_reported(published, home):
    home.write_text("a file")
    with pytest.raises(PyftError, match=rf"cannot write .* in {re.escape(str(home))}.*PYFT_HOME.*pyft fetch toy"):
        fetch.files("toy")


@pytest.mark.skipif(getattr(os, "geteuid", lambda: 0)() == 0, reason="root may write anywhere")
def test_read_only_folder_is_reported(published, home):
    home.mkdir()
    home.chmod(0o500)
    with pytest.raises(PyftError, match=rf"cannot write .* in {re.escape(str(home))}.*PYFT_HOME.*pyft fetch toy"):
        fetch.files("toy")


def spoil(path: Path) -> None:
    path.write_bytes(b"spoilt")


@pytest.mark.long
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
