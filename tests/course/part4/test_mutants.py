"""Every mutant fits the source and is caught by its page's proofs; a change that changes nothing is not."""

import pytest

from pyft.benchmarks import experiment
from pyft.course.part4 import cost_table
from pyft.course.part4.mutants import MUTANTS, PROOFS
from pyft.course.part4.mutation_costs import RUNS, change
from pyft.errors import PyftError
from pyft.mutation import Mutant, SurvivedError, hunt, maths, table

ALL = [(page, mutant) for page, mutants in MUTANTS.items() for mutant in mutants]


@pytest.mark.long
@pytest.mark.parametrize("page,mutant", [pytest.param(p, m, id=f"{p} {m.name}") for p, m in ALL])
def test_each_is_caught(page, mutant):
    caught = hunt(mutant, PROOFS[page])
    assert caught.split(",")[0].split(":")[0] in PROOFS[page]


def test_each_has_a_name_of_its_own_says_what_it_is_and_has_a_run():
    assert len({m.name for _, m in ALL}) == len(ALL) >= 20
    assert all(m.note and m.old != m.new for _, m in ALL)
    assert {m.run for _, m in ALL} == set(RUNS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("doubled and halved", "losses", "(input - target)", "(2 * (input - target) / 2)", "the same")
    with pytest.raises(SurvivedError, match="'doubled and halved' survives: squared error all pass"):
        hunt(same, {"squared error": PROOFS["4.2.2"]["squared error"]})


def test_a_mutant_that_no_longer_fits_is_no_catch():
    with pytest.raises(PyftError, match="holds 'no such line' 0 times"):
        hunt(Mutant("gone", "losses", "no such line", "", "an old one"), PROOFS["4.2.1"])


def test_an_exception_is_a_catch():
    assert hunt(
        Mutant("typo", "losses", "loss = (input - target)", "loss = (input - nothing)", ""), PROOFS["4.2.2"]
    ) == ("squared error: NameError")


def test_the_real_modules_are_left_as_they_were():
    before = maths()
    hunt(MUTANTS["4.2.1"][0], PROOFS["4.2.1"])
    assert maths() == before


@pytest.mark.long
def test_a_table_shows_the_lines_that_differ_and_the_proof_without_its_figure():
    printed = next(m for m in MUTANTS["4.3.2"] if m.name == "decay inside the adaptive scaling")
    assert table([printed], PROOFS["4.3.2"]) == [
        [
            printed.name,
            printed.note,
            "- theta.mul_(1 - lr * weight_decay); theta.addcdiv_(m_hat, root, value=-lr)\n"
            "+ theta.addcdiv_(m_hat + weight_decay * theta, root, value=-lr)",
            "AdamW, default, float64, first step",
        ]
    ]


def test_the_stored_costs_are_those_of_the_present_mutants():
    kept = experiment.bench("mutants")["runs"]
    assert {run["mutant"]: run["change"] for run in kept} == {m.name: change(m) for _, m in ALL}, (
        "to measure them again: pyft bench mutants"
    )


def test_a_row_of_costs_says_worse_only_where_the_interval_says_so(monkeypatch):
    side = {"scores": [0.5, 0.6], "difference": -0.1, "interval": [-0.2, -0.05], "same": False}
    unsure = side | {"interval": [-0.2, 0.1]}
    alike = unsure | {"scores": [0.7], "same": True}
    rows = {
        "a": {"run": "BERT", "accuracy": True, "right": [0.7, 0.8], "own": side, "true": side},
        "b": {
            "run": "XLNet",
            "accuracy": False,
            "right": [-4.0],
            "own": unsure,
            "true": side,
        },
        "c": {"run": "BERT", "accuracy": True, "right": [0.7], "error": "the loss became nan"},
        "e": {"run": "BERT", "accuracy": True, "right": [0.7], "own": alike, "true": alike},
        "d": {"run": "BERT", "accuracy": True, "right": [0.7], "error": "elsewhere"},
    }
    monkeypatch.setattr(
        cost_table, "bench", lambda name: {"runs": [{"mutant": mutant} | row for mutant, row in rows.items()]}
    )
    assert cost_table.cost_rows([Mutant(name, "", "", "", "") for name in "abce"]) == [
        ["a", "BERT", "75.0 %", "55.0 %", "-20.00 to -5.00", "worse", "55.0 %"],
        ["b", "XLNet", "-4.00", "0.55", "-0.20 to +0.10", "no difference shown", "0.55"],
        ["c", "BERT", "70.0 %", "the loss became nan", "", "fails", ""],
        ["e", "BERT", "70.0 %", "70.0 %", "exactly the same", "no difference shown", "70.0 %"],
    ]
