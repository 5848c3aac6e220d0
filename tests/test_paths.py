"""The repository is found without a word from anybody, and its address holds no credentials."""

import subprocess

import pytest

from pyft import paths


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
