"""The repository is found without a word from anybody, and its address holds no credentials."""

import subprocess

import pytest

from pyft import paths
from pyft.errors import PyftError


@pytest.mark.parametrize(
    "address,expected",
    [
        ("https://github.com/owner/name", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
        ("https://user:secret@github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://secret@github.com/owner/na.me.git", "https://github.com/owner/na.me"),
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://gitlab.com/owner/name", None),
        ("https://github.com.example.org/owner/name", None),
        ("https://example.org/github.com/owner/name", None),
        ("https://github.com/owner", None),
        ("../name", None),
        ("", None),
        (None, None),
    ],
)
def test_the_repository_is_githubs_address_without_credentials(monkeypatch, address, expected):
    monkeypatch.setattr(paths, "git", lambda *arguments: address)
    assert paths.repository({}.get) == expected
    monkeypatch.setattr(paths, "git", lambda *arguments: None)
    assert paths.repository({"PYFT_REPOSITORY": address}.get) == expected


def test_pyft_repository_goes_before_origin(house):
    for arguments in (["init", "-q"], ["remote", "add", "origin", "git@github.com:owner/fork.git"]):
        subprocess.run(["git", *arguments], cwd=house.root, check=True)
    assert paths.repository({}.get) == "https://github.com/owner/fork"
    named = {"PYFT_REPOSITORY": "https://github.com/owner/name"}
    assert paths.repository(named.get) == "https://github.com/owner/name"


def test_without_git_there_is_no_repository(house, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert paths.git("rev-parse", "HEAD") is None
    assert paths.repository({}.get) is None


def test_without_a_home_folder_it_is_said_what_to_set(monkeypatch):
    def no_home(name):
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("PYFT_HOME", raising=False)
    monkeypatch.setattr(paths, "user_cache_path", no_home)
    with pytest.raises(PyftError, match=r"Could not determine home directory.*: set PYFT_HOME to a folder\."):
        paths.home()
    monkeypatch.setenv("PYFT_HOME", "~nobody-of-that-name/x")
    with pytest.raises(PyftError, match=r"set PYFT_HOME to a folder\."):
        paths.home()


def test_a_place_is_tried_and_nothing_is_left_there(tmp_path):
    paths.try_place(tmp_path / "new" / "a.json")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(PyftError, match=r"cannot write .*a\.json: .* Name another place"):
        paths.try_place(tmp_path / "file" / "a.json")
    with pytest.raises(PyftError, match="is a folder: expected the name of a file"):
        paths.try_place(tmp_path)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 99_999])
def test_a_damaged_file_of_json_is_named(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(PyftError, match=r"a\.json cannot be read .* git checkout -- a\.json"):
        paths.read_json(tmp_path / "a.json")
