"""Runs are kept as they finish, none is made twice, and a key holds what a run depends on and nothing else."""

import json
import time
from dataclasses import fields, make_dataclass, replace

import pytest
import torch
from small_experiment import PLAN, VALUES, arguments, choosing, nothing, result, scored, tiny

from pyft import data
from pyft.benchmarks import experiment
from pyft.benchmarks.experiment import plain
from pyft.errors import PyftError
from pyft.profiles import Recipe

# --- what is kept -----------------------------------------------------------------------------------------------------


def test_every_run_is_kept_with_its_provenance_in_the_order_of_the_plan(out, capsys):
    found = tiny().measure(out)
    assert arguments(found) == PLAN
    assert all(r["provenance"]["commit"] for r in found["runs"])
    assert json.loads(out.read_text()) == found == tiny().load(out)
    assert capsys.readouterr().out.splitlines() == ["models: (bert, 0)", "models: (xlnet, 0)", "models: (bert, 1)"]


def test_it_lies_with_the_evidence_if_no_file_is_given(out, tmp_path, monkeypatch):
    monkeypatch.setattr(experiment, "results_folder", lambda: tmp_path / "results")
    tiny().measure()
    assert tiny().load() == tiny().load(tmp_path / "results" / "bench" / "models.json")


def test_an_interrupted_measurement_goes_on_where_it_stopped(out):
    def interrupted(name, seed):
        if seed == 1:
            raise KeyboardInterrupt
        return result(name, seed)

    with pytest.raises(KeyboardInterrupt):
        tiny(interrupted).measure(out)
    before, again = json.loads(out.read_text())["runs"], []
    found = tiny(lambda *a: again.append(a) or result(*a)).measure(out)
    assert again == [("bert", 1)]
    assert found["runs"][:2] == before and len(found["runs"]) == 3


def test_the_order_is_the_plans_whichever_finished_first(out):
    tiny(plan=PLAN[2:]).measure(out)
    assert arguments(tiny().measure(out)) == PLAN


def test_a_runs_seconds_are_its_own(out, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])

    def run(name, seed):
        now[0] += 7 + seed
        return result(name, seed)

    assert [r["provenance"]["seconds"] for r in tiny(run).measure(out)["runs"]] == [7.0, 7.0, 8.0]


def test_threads_are_set_for_the_run_and_put_back_even_after_an_error(out):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        found = tiny(lambda *a: result(*a) | {"threads": torch.get_num_threads()}, threads=1).measure(out)
        assert {(r["threads"], r["provenance"]["hardware"]["threads"]) for r in found["runs"]} == {(1, 1)}
        with pytest.raises(ZeroDivisionError):
            tiny(lambda *a: 1 / 0, threads=1, version=2).measure(out)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


# --- old runs ---------------------------------------------------------------------------------------------------------


def test_what_is_loaded_are_the_plans_runs_and_no_old_ones(out):
    tiny().measure(out)
    fewer = tiny(plan=PLAN[1:])
    assert arguments(fewer.load(out)) == PLAN[1:]
    assert len(json.loads(out.read_text())["runs"]) == 3
    fewer.measure(out)
    assert arguments(json.loads(out.read_text())) == PLAN[1:]


def test_old_runs_stay_in_the_file_until_the_plan_is_done(out):
    tiny().measure(out)

    def interrupted(name, seed):
        if name == "xlnet":
            raise KeyboardInterrupt
        return result(name, seed)

    with pytest.raises(KeyboardInterrupt):
        tiny(interrupted, version=2).measure(out)
    assert len(json.loads(out.read_text())["runs"]) == 4
    assert arguments(tiny().load(out)) == PLAN


def test_what_is_missing_is_said_with_the_command_that_makes_it(out):
    tiny(plan=PLAN[:1]).measure(out)
    said = r"models\.json lacks 2 of the 3 runs of models .*the first is \(xlnet, 0\)\. To make them: pyft bench models"
    with pytest.raises(PyftError, match=said):
        tiny().load(out)
    assert tiny().count(out) == (1, 3)


def test_a_file_of_another_form_is_refused_and_left_alone(out):
    out.parent.mkdir()
    for text in ('{"mutants": {}}', '{"runs": [{}]}', "{", "[]"):
        out.write_text(text)
        for read in (tiny().load, tiny().measure):
            with pytest.raises(PyftError, match=r"models\.json holds no runs of an experiment"):
                read(out)
        assert out.read_text() == text


@pytest.mark.parametrize("again,made", [("dirty", [("bert", 0)]), ("all", PLAN), (None, [])])
def test_runs_of_code_that_was_not_committed_are_made_again_if_asked(out, tree, again, made):
    tree("c1-dirty")
    tiny(plan=PLAN[:1]).measure(out)
    tree("c2")
    tiny().measure(out)
    seen = []
    found = tiny(lambda *a: seen.append(a) or result(*a)).measure(out, again=again)
    assert seen == made and arguments(found) == PLAN
    assert [experiment.dirty(r) for r in found["runs"]] == [again is None, False, False]


def test_a_run_that_is_made_again_replaces_the_old_one_only_then(out, tree):
    tree("c1-dirty")
    before = tiny().measure(out)
    tree("c2")

    def interrupted(name, seed):
        if name == "xlnet":
            raise KeyboardInterrupt
        return result(name, seed)

    with pytest.raises(KeyboardInterrupt):
        tiny(interrupted).measure(out, again="dirty")
    after = tiny().load(out)
    assert [r["provenance"]["commit"] for r in after["runs"]] == ["c2", "c1-dirty", "c1-dirty"]
    assert after["runs"][1:] == before["runs"][1:]


def test_nothing_is_made_again_with_code_that_is_not_committed_either(out, tree):
    tree("c1-dirty")
    with pytest.raises(PyftError, match="changes that are not committed"):
        tiny().measure(out, again="dirty")


# --- keys -------------------------------------------------------------------------------------------------------------


def test_name_version_arguments_and_what_a_run_depends_on_are_in_its_key():
    one = tiny(depends=lambda *a: {"rows": 3, "recipe": Recipe(1, 8, 1e-4)})
    others = [
        replace(one, name="others"),
        replace(one, version=2),
        replace(one, depends=lambda *a: {"rows": 4, "recipe": Recipe(1, 8, 1e-4)}),
        replace(one, depends=lambda *a: {"rows": 3, "recipe": Recipe(1, 8, 2e-4)}),
        replace(one, depends=lambda *a: {"texts": 3, "recipe": Recipe(1, 8, 1e-4)}),
    ]
    keys = [e.key("bert", 0) for e in (one, *others)] + [one.key("bert", 1), one.key("bert")]
    assert len(set(keys)) == len(keys) and {len(key) for key in keys} == {16}
    same = replace(one, about="said otherwise", run=nothing, plan=nothing, threads=1)
    assert same.key("bert", 0) == one.key("bert", 0)


def test_what_a_run_depends_on_makes_that_run_another(out):
    tiny().measure(out)
    again = []
    tiny(lambda *a: again.append(a) or result(*a), depends=lambda name, seed: {"x": 1} if seed else {}).measure(out)
    assert again == [("bert", 1)]


def test_a_new_field_of_the_recipe_leaves_every_key_as_it_was_until_it_is_used():
    more = make_dataclass("Recipe", [("ema", float, 0.0)], bases=(Recipe,), frozen=True)

    def key(recipe):
        return tiny(depends=lambda *_: {"recipe": recipe}).key("bert", 0)

    assert key(more(2, 32, 2e-4, evaluations=0)) == key(Recipe(2, 32, 2e-4, evaluations=0))
    assert key(more(2, 32, 2e-4, evaluations=0, ema=0.9)) != key(Recipe(2, 32, 2e-4, evaluations=0))


def test_the_recipes_defaults_are_what_they_were_when_the_kept_runs_were_made():
    """No key holds them: a default that changes must raise the version of every experiment, or be another field."""
    defaults = {f.name: f.default for f in fields(Recipe)}
    assert defaults.items() >= {
        "warmup": 0.1, "weight_decay": 0.01, "max_norm": 1.0, "max_length": 128, "evaluations": 4,
        "schedule": "linear", "accumulate": 1, "patience": 0, "label_smoothing": 0.0, "layer_decay": 1.0,
        "decay_biases": False,
    }.items()  # fmt: skip


def test_a_dataclass_is_its_fields_that_differ_from_their_defaults_inside_others_too():
    recipe = Recipe(2, 32, 2e-4, schedule="cosine", warmup=0.1)
    short = {"epochs": 2, "batch_size": 32, "lr": 2e-4, "schedule": "cosine"}
    assert plain({"a": [recipe, (1, None)], "b": "x"}) == {"a": [short, [1, None]], "b": "x"}


def test_what_has_no_text_of_its_own_cannot_be_in_a_key():
    with pytest.raises(PyftError, match="cannot hold a Linear: expected numbers"):
        tiny(depends=lambda *_: {"model": torch.nn.Linear(1, 1)}).key("bert", 0)


def test_the_data_are_read_once(monkeypatch):
    asked = []
    monkeypatch.setattr(data, "load", lambda name: asked.append(name) or name)
    monkeypatch.setattr(data, "fingerprint", lambda corpus: f"of {corpus}")
    assert experiment.data_digests("a", "b") == experiment.data_digests("a", "b") == {"a": "of a", "b": "of b"}
    assert asked == ["a", "b"]


# --- a plan that looks at what is finished ----------------------------------------------------------------------------


def test_a_plan_is_asked_again_until_it_says_nothing_new(out):
    made = []
    chosen = tiny(lambda *a: made.append(a) or scored(*a), choosing())
    found = chosen.measure(out)
    assert made == [("tried", 1), ("tried", 3), ("tried", 2), ("best of 3", 0), ("best of 3", 1)] == arguments(found)
    assert chosen.measure(out) == found == chosen.load(out) and len(made) == 5
    assert chosen.count(out) == (5, 5)


def test_what_the_choice_does_not_change_is_not_made_again(out):
    tiny(scored, choosing()).measure(out)
    made = []
    tiny(lambda *a: made.append(a) or scored(*a), choosing([*VALUES, 0])).measure(out)
    assert made == [("tried", 0)]
    tiny(lambda *a: made.append(a) or scored(*a), choosing([*VALUES, 4])).measure(out)
    assert made[1:] == [("tried", 4), ("best of 4", 0), ("best of 4", 1)]


def test_the_runs_that_were_chosen_are_missing_as_long_as_those_to_choose_by_are(out):
    tiny(scored, [("tried", 1)]).measure(out)
    with pytest.raises(PyftError, match="lacks 2 of the 3 runs"):
        tiny(scored, choosing()).load(out)
    assert tiny(scored, choosing([1])).count(out) == (1, 3)
