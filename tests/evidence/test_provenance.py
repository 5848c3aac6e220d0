"""Where a figure comes from: the commit, and the machine in words."""

import re

from pyft import paths
from pyft.benchmarks import experiment
from pyft.evidence import provenance

# --- record -----------------------------------------------------------------------------------------------------------


def test_outside_a_checkout_the_commit_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance._commit() == "unknown"


def test_a_commit_is_dirty_when_code_was_changed_and_not_when_a_run_was_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    for name in ("pyft/a.py", "book/results/bench/a.json"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("1")
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    for arguments in (("init", "-q"), ("add", "."), (*identity, "commit", "-qm", "a")):
        provenance._git(*arguments)
    commit = provenance._commit()
    assert re.fullmatch("[0-9a-f]{12}", commit)
    (tmp_path / "book/results/bench/a.json").write_text("2")
    assert provenance._commit() == commit
    (tmp_path / "pyft/a.py").write_text("2")
    assert provenance._commit() == commit + "-dirty"


# --- benchmarks -------------------------------------------------------------------------------------------------------


def test_where_runs_come_from_is_said_in_words():
    def run(gpu, commit, threads=2):
        hardware = {"gpu": gpu, "threads": threads}
        return {"provenance": {"commit": commit, "versions": {"torch": "2.13.0"}, "hardware": hardware}}

    assert experiment.origin({"runs": [run("A GPU", "c1")] * 2}) == "A GPU; torch 2.13.0; commit c1"
    both = [run("A GPU", "c2"), run(None, "c1")]
    assert experiment.origin({"runs": both}) == "2 CPU threads and A GPU; torch 2.13.0; commit c1 and commit c2"
    assert experiment.origin({"runs": [run(None, "c1", 1)]}) == "1 CPU thread; torch 2.13.0; commit c1"
