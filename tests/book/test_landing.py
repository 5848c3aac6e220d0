"""The first page's table and figure say what the stored runs say."""

import json

import matplotlib.pyplot as plt
import pytest

from pyft.book import landing
from pyft.book.landing import curves, draw, glance, stored_sources
from pyft.course.ch6_2_text_classification.experiment import TOPIC_ROWS
from pyft.errors import PyftError


def records(house, section, **metrics):
    for seed in range(2):
        values = {f"{section}/{name.replace('__', '.')}": value[seed] for name, value in metrics.items()}
        kept = {"seed": seed, "metrics": values, "predictions": {}, "provenance": {}}
        house.write(f"book/results/{section}/laptop/seed-{seed}.json", json.dumps(kept))


@pytest.fixture
def one_task(house, monkeypatch):
    house.chapter("1_1_a", "# 1.1 T")
    monkeypatch.setattr(landing, "GLANCE", (("a task", "1.1", "accuracy", "low", "high"),))
    return house


@pytest.mark.parametrize(
    ("low", "high", "cells"),
    [
        ([0.5, 0.5], [0.8, 0.802], ["50.0 %", "**80.1 %**"]),
        ([0.9, 0.9], [0.8, 0.802], ["**90.0 %**", "80.1 %"]),
        ([0.8, 0.8], [0.7, 0.9], ["80.0 %", "80.0 %"]),  # within the interval: neither is set off
    ],
)
def test_the_table_sets_off_what_lies_outside_the_interval(one_task, low, high, cells):
    records(one_task, "1.1", low=low, high=high)
    row = [cell.strip().replace("\N{NO-BREAK SPACE}", " ") for cell in glance().splitlines()[-1].strip("|").split("|")]
    assert row[:2] == ["[a task](../chapters/1_part/1_1_a.ipynb)", "accuracy"]
    assert row[2:4] == cells


def test_a_figure_may_come_from_stored_runs(one_task, monkeypatch):
    monkeypatch.setattr(landing, "GLANCE", (("a task", "1.1", "accuracy", "low", lambda: [0.8, 0.802]),))
    records(one_task, "1.1", low=[0.5, 0.5])
    assert "| 50.0 % | **80.1 %** |" in glance().replace("\N{NO-BREAK SPACE}", " ")


def test_the_sources_are_those_of_stored_runs_of_bert_alone(house, monkeypatch):
    runs = [
        {"task": task, "model": model, "seed": seed, "guess": guess}
        for task, model, seed, guess in [
            ("topics", "bert", 1, "0123"),
            ("topics", "bert", 0, "0120"),
            ("topics", "xlnet", 0, "0000"),
            ("spam", "bert", 0, ""),
        ]
    ]
    house.write("book/results/bench/classification.json", json.dumps({"runs": runs}))
    monkeypatch.setattr("pyft.data.load", lambda name: {"test": {"label": [0, 1, 2, 3]}})
    assert stored_sources() == [0.75, 1.0]


def test_a_metric_that_no_record_holds_is_named(one_task):
    records(one_task, "1.1", low=[0.5, 0.5])
    with pytest.raises(PyftError, match=r"no record of section 1\.1 holds 'high'"):
        glance()


def test_the_figure_takes_the_runs_on_the_test_split(house):
    runs = [
        {"method": method, "n": n, "seed": seed, "split": split, "accuracy": 0.5 + seed / 10 + (split == "validation")}
        for method in ("fine-tuned", "scratch", "head")
        for n in (50, 200)
        for seed in (0, 1)
        for split in ("test", "validation")
    ]
    house.write("book/results/bench/transfer.json", json.dumps({"runs": runs}))
    assert curves() == {name: {50: [0.5, 0.6], 200: [0.5, 0.6]} for name in ("fine-tuned", "scratch")}
    fig = draw(curves())
    (axes,) = fig.axes
    assert list(axes.lines[0].get_ydata()) == pytest.approx([55, 55])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == list(landing.METHODS.values())[::2]
    plt.close(fig)


def test_the_real_figure_has_all_curves():
    assert set(curves()) == set(landing.METHODS)


@pytest.mark.fetched
def test_the_real_table_has_all_rows_and_both_models_of_sources_learnt_from_as_many_texts():
    rows = glance().splitlines()[2:]
    assert len(rows) == len(landing.GLANCE)
    (sources,) = (row for row in rows if "which source" in row)
    assert f"both from {TOPIC_ROWS:,} texts" in sources
