"""The workflows: valid, bounded, of least privilege, and about commands that exist."""

import itertools
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTION = ROOT / ".github" / "actions" / "setup" / "action.yml"
SETUP = yaml.safe_load(ACTION.read_text(encoding="utf8"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf8")) for path in FILES}
JOBS = [
    pytest.param(flow, flow["jobs"][job], id=f"{name}-{job}")
    for name, flow in WORKFLOWS.items()
    for job in flow["jobs"]
]
TARGETS = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf8"), re.MULTILINE))


def steps(*workflows: str) -> Iterator[dict[str, Any]]:
    """The steps of these workflows; if none is named, of all of them and of the action that they share."""
    for name in workflows or WORKFLOWS:
        for job in WORKFLOWS[name]["jobs"].values():
            yield from job["steps"]
    if not workflows:
        yield from SETUP["runs"]["steps"]


def triggers(name: str) -> dict[str, Any]:
    return dict(WORKFLOWS[name][True])  # YAML 1.1 reads the key `on` as true


def commands(script: str) -> Iterator[tuple[str, str]]:
    """What a `run` starts of ours: `("make", target)` or `("script", path)`."""
    yield from (("make", target) for target in re.findall(r"\bmake ([\w-]+)", script))
    yield from (("script", path) for path in re.findall(r"\bpython ([\w./-]+\.py)\b", script))


def test_the_three_workflows_are_there() -> None:
    assert set(WORKFLOWS) == {"tests", "publish", "weekly"}


@pytest.mark.long
@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", FILES),
        ("github-actions", [ACTION]),
        ("dependabot", [ROOT / ".github" / "dependabot.yml"]),
    ],
)
def test_each_file_follows_the_schema_of_its_kind(schema: str, files: list[Path]) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("flow", "job"), JOBS)
def test_every_job_is_bounded_in_time_and_in_rights(flow: dict[str, Any], job: dict[str, Any]) -> None:
    assert job["timeout-minutes"] <= 150
    granted = job.get("permissions", flow.get("permissions"))
    assert isinstance(granted, dict)
    writes = {scope for scope, right in granted.items() if right != "read"}
    assert len(writes - {"id-token"}) <= 1


@pytest.mark.parametrize(("flow", "job"), JOBS)
def test_pipes_do_not_hide_a_failure(flow: dict[str, Any], job: dict[str, Any]) -> None:
    assert flow["defaults"]["run"]["shell"] == "bash"  # named, GitHub runs it with pipefail; by default without
    assert not any("shell" in step for step in job["steps"])


@pytest.mark.parametrize("path", [*FILES, ACTION], ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_their_version_beside_it(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text(encoding="utf8"))
    assert used
    for action in used:
        ours = action == "./.github/actions/setup"
        assert ours or re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_is_everywhere_at_the_same_commit() -> None:
    used = {step["uses"] for step in steps() if "@" in step.get("uses", "")}
    assert len({action.split("@")[0] for action in used}) == len(used)


def test_newer_actions_are_proposed_wherever_actions_are_used() -> None:
    (update,) = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf8"))["updates"]
    assert update["package-ecosystem"] == "github-actions"
    assert set(update["directories"]) == {"/", f"/{ACTION.parent.relative_to(ROOT).as_posix()}"}


def test_no_step_keeps_the_token_within_reach_of_the_tests() -> None:
    checkouts = [step for step in steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step.get("with", {}).get("persist-credentials") is False for step in checkouts)


@pytest.mark.parametrize("step", [step for step in steps() if "run" in step], ids=lambda step: step["run"][:20])
def test_what_a_step_runs_exists(step: dict[str, Any]) -> None:
    for kind, name in commands(step["run"]):
        assert name in TARGETS if kind == "make" else (ROOT / name).is_file(), name


def test_commands_are_found() -> None:
    assert list(commands("make book 2>&1\npython scripts/a.py --x\n")) == [("make", "book"), ("script", "scripts/a.py")]


def test_ci_runs_the_two_commands_of_the_readme_and_what_pre_commit_runs() -> None:
    started = {step.get("run") for step in steps("tests")}
    assert {"make test", "make lint", "make unit"} <= started
    assert "make book" in {step.get("run") for step in steps("publish")}
    assert {"push", "pull_request"} <= set(triggers("tests"))


def test_three_systems_do_what_make_unit_does_and_the_long_ones_too() -> None:
    by_hand = {step["run"] for step in WORKFLOWS["tests"]["jobs"]["units"]["steps"] if "pytest" in step.get("run", "")}
    make = re.search(r"^unit:.*\n\t@\$\(BIN\)/(.*)$", (ROOT / "Makefile").read_text(encoding="utf8"), re.MULTILINE)
    assert make and " and not long" in make[1] and " --hypothesis-profile quick" in make[1]
    every = make[1].replace(" and not long", "").replace(" --hypothesis-profile quick", "")
    assert by_hand == {f".venv/{folder}/{every}" for folder in ("bin", "Scripts")}


def test_units_run_on_three_systems_and_on_the_ends_of_the_supported_pythons() -> None:
    matrix = WORKFLOWS["tests"]["jobs"]["units"]["strategy"]["matrix"]
    assert {name.split("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
    bootstrap = (ROOT / "scripts" / "bootstrap.py").read_text(encoding="utf8")
    ends = re.search(r"OLDEST, NEWEST = \((\d+), (\d+)\), \((\d+), (\d+)\)", bootstrap)
    assert ends and matrix["python"] == [f"{ends[1]}.{ends[2]}", f"{ends[3]}.{ends[4]}"]


@pytest.mark.parametrize(("flow", "job"), JOBS)
def test_every_job_that_runs_ours_is_set_up_in_the_one_way(flow: dict[str, Any], job: dict[str, Any]) -> None:
    names = [step.get("uses", "").split("@")[0] for step in job["steps"]]
    assert not {"actions/setup-python", "actions/cache"} & set(names)
    first = next((n for n, step in enumerate(job["steps"]) if any(commands(step.get("run", "")))), None)
    if first is not None:
        assert names[:first] == ["actions/checkout", "./.github/actions/setup"]


@pytest.mark.parametrize(("flow", "job"), JOBS)
def test_what_a_job_fetches_is_kept_for_the_next(flow: dict[str, Any], job: dict[str, Any]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    fetching = set(re.findall(r"^(\w+): fetch\b", makefile, re.MULTILINE))
    started = {name for step in job["steps"] for kind, name in commands(step.get("run", "")) if kind == "make"}
    for step in job["steps"]:
        if step.get("uses") == "./.github/actions/setup":
            assert step.get("with", {}).get("artefacts", False) == bool(fetching & started)


def test_an_input_of_the_setup_is_one_that_it_has() -> None:
    given = [step.get("with", {}) for step in steps() if step.get("uses") == "./.github/actions/setup"]
    assert len(given) > 3
    assert set().union(*given) == set(SETUP["inputs"])


@pytest.mark.skipif(os.name == "nt", reason="bash on Windows may be another system's")
@pytest.mark.parametrize("system", ["Linux", "macOS", "Windows"])
def test_make_and_pip_are_told_what_they_need(system: str, tmp_path: Path) -> None:
    """The setup's own script, as GitHub would start it."""
    (told,) = (step for step in SETUP["runs"]["steps"] if "run" in step)
    assert told["shell"] == "bash"  # which an action must name
    start = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", told["run"]]
    environment = os.environ | {"GITHUB_ENV": str(tmp_path / "told"), "RUNNER_OS": system}
    subprocess.run(start, env=environment, check=True)
    values = dict(line.split("=", 1) for line in (tmp_path / "told").read_text(encoding="utf8").splitlines())
    (cache,) = (step["with"] for step in SETUP["runs"]["steps"] if step.get("uses", "").startswith("actions/cache@"))
    assert values["PYTHON"] == "python"
    assert values["PYFT_HOME"] == cache["path"]
    cpu = "https://download.pytorch.org/whl/cpu"
    assert values.get("PIP_EXTRA_INDEX_URL") == (cpu if system == "Linux" else None)


def test_caches_are_made_anew_when_what_they_hold_changes() -> None:
    python, _, cache = SETUP["runs"]["steps"]
    assert (python["with"]["cache"], python["with"]["cache-dependency-path"]) == ("pip", "requirements.lock")
    (pattern,) = re.findall(r"hashFiles\('(.+)'\)", cache["with"]["key"])
    assert len(list(ROOT.glob(pattern))) == 1


def test_the_colab_branch_is_there_before_the_pages_that_open_it() -> None:
    jobs = WORKFLOWS["publish"]["jobs"]
    assert jobs["deploy"]["needs"] == "colab"
    assert jobs["colab"]["needs"] == "build"
    assert jobs["colab"]["steps"][-1]["run"].strip().endswith(" colab")
    assert jobs["deploy"]["steps"][-1]["uses"].startswith("actions/deploy-pages@")
    assert triggers("publish") == {"push": {"branches": ["main"]}}
    assert WORKFLOWS["publish"]["concurrency"]


def test_weekly_blocks_nothing_and_its_report_cannot_be_skipped() -> None:
    *before, trying, report = WORKFLOWS["weekly"]["jobs"]["newest"]["steps"]
    assert {"schedule", "workflow_dispatch"} == set(triggers("weekly"))
    assert trying["continue-on-error"] is True
    assert trying["timeout-minutes"] < WORKFLOWS["weekly"]["jobs"]["newest"]["timeout-minutes"]
    assert report["if"] == f"always() && steps.{trying['id']}.outcome != 'success'"
    assert not any("continue-on-error" in step for step in [*before, report])
    for command in ("scripts/lock.py --upgrade", "make book", "make test"):
        assert command in trying["run"]


@pytest.mark.skipif(os.name == "nt", reason="the weekly workflow runs on Linux")
def test_weekly_stops_at_the_first_failure_and_keeps_its_log(tmp_path: Path) -> None:
    """Its own script, as GitHub would start it, with commands that fail in turn."""
    script = WORKFLOWS["weekly"]["jobs"]["newest"]["steps"][-2]["run"]
    order = [("python", "-m"), ("python", "scripts/lock.py"), ("git", "diff"), ("make", "book"), ("make", "test")]
    (tmp_path / "requirements.lock").write_text("uv==1\n", encoding="utf8")
    for tool in {tool for tool, _ in order}:
        fake = tmp_path / tool
        fake.write_text(f'#!/bin/sh\necho "{tool} $1"\ntest "{tool} $1" != "$FAILS"\n', encoding="utf8")
        fake.chmod(0o755)
    for number, failing in enumerate([*order, None], start=1):
        environment = {
            "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
            "RUNNER_TEMP": str(tmp_path),
            "FAILS": " ".join(failing or ()),
        }
        start = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        done = subprocess.run(start, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert (done.returncode == 0) == (failing is None)
        kept = (tmp_path / "newest.log").read_text(encoding="utf8").splitlines()
        assert kept == [" ".join(started) for started in itertools.islice(order, number)]


def test_the_ci_script_runs_the_readmes_test_command() -> None:
    ci = ROOT / ".ci" / "run"
    listed = subprocess.run(["git", "ls-files", "-s", ".ci/run"], cwd=ROOT, capture_output=True, text=True).stdout
    assert listed.startswith("100755")
    (command,) = re.findall(r"^(make test)\b", (ROOT / "README.md").read_text(encoding="utf8"), re.MULTILINE)
    assert command in ci.read_text(encoding="utf8").splitlines()


def test_pre_commit_and_ci_need_nothing_but_the_locked_packages() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf8"))
    hooks = [hook for repo in config["repos"] for hook in repo["hooks"]]
    assert {repo["repo"] for repo in config["repos"]} == {"local"}
    assert {hook["language"] for hook in hooks} == {"system"}
    assert all(hook["entry"].startswith("python -m ") for hook in hooks)
    assert {"ruff", "mypy", "codespell_lib", "check_jsonschema", "pytest"} <= {h["entry"].split()[2] for h in hooks}
