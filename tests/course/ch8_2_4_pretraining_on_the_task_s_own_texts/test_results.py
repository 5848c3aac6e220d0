"""What is said of made-up runs, verdict by verdict."""

import numpy as np
import pytest
from matplotlib import pyplot as plt
from small_experiment import check_whole

from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts import results
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.experiment import plan
from pyft.course.ch8_2_4_pretraining_on_the_task_s_own_texts.recipes import AMOUNTS, TASKS
from pyft.evaluation.stats import pack_bits

N, OWN = 400, 0.7


def made_up(none, other, own=OWN):
    """Runs in which so many of the texts are right after each reading, the same texts with every seed."""

    def run(arm, seed):
        right = {task: {"none": none, task: own}.get(arm, other) for task in TASKS}
        hit = {f"{task}, {a}": np.arange(N) < right[task] * N for task in TASKS for a in AMOUNTS}
        return {
            "arm": arm,
            "seed": seed,
            "loss": {task: {"none": 4.0, task: 2.5 + seed / 100}.get(arm, 4.5) for task in TASKS},
            "accuracy": {name: float(x.mean()) for name, x in hit.items()},
            "answers": {name: pack_bits(x) for name, x in hit.items()},
            "tested": dict.fromkeys(hit, N),
        }

    return {"runs": [run(*arguments) for arguments in plan()]}


LOWER, SAME, HIGHER = 0.5, OWN, 0.9  # after the other reading


@pytest.mark.parametrize(
    ("none", "other", "words"),
    [
        (LOWER, LOWER, "its own texts helped, and more than as many steps on others did"),
        (LOWER, SAME, "it helped to train on, and that it was its own texts is not shown"),
        (LOWER, HIGHER, "it helped to train on, and other texts helped more"),
        (SAME, LOWER, "its own texts did more than others, yet no gain over reading nothing is shown"),
        (SAME, SAME, "no difference is shown"),
        (SAME, HIGHER, "its own texts did less than others, and no gain over reading nothing is shown"),
        (HIGHER, LOWER, "it was worse than to read nothing"),
        (HIGHER, SAME, "it was worse than to read nothing"),
        (HIGHER, HIGHER, "it was worse than to read nothing"),
    ],
)
def test_the_reason_follows_from_both_comparisons(none, other, words):
    found = made_up(none, other)
    told = results.told(found)
    over = [f"{100 * (OWN - x):+.1f}" for x in (none, other)]
    for task in ("News", "Posts"):
        for amount in AMOUNTS:
            sentence = (
                f"{task}, {amount} labels: {words} (against nothing {over[0]} points, against other texts {over[1]})."
            )
            assert sentence.replace("-0.0", "+0.0") in told["reason"].replace("-0.0", "+0.0")
    better = 4 * sum(x < OWN for x in (none, other))
    worse = 4 * sum(x > OWN for x in (none, other))
    found_out = f"{better} found that" if better or worse else "none shows a difference"
    assert f"Of 8 comparisons, corrected together, {found_out}" in told["verdict"]
    assert (f"and {worse} that they are worse" in told["verdict"]) == bool(better or worse)
    assert ("news, few labels, than nothing" in told["verdict"]) == (none != OWN)
    assert ("posts, many labels, than other texts" in told["verdict"]) == (other != OWN)


def test_losses_are_told_as_they_are():
    told = results.told(made_up(SAME, SAME))["losses"]
    assert "On news it is 4.00 nats as the model came, 2.52 (2.50 to 2.54) after texts of the same kind" in told
    assert "and 4.50 (4.50 to 4.50) after those of the other task" in told


def test_table_and_figures_show_every_reading():
    found = made_up(LOWER, SAME)
    text = results.table(found).data
    assert text.count("<tr>") == 1 + len(TASKS) * len(AMOUNTS)
    assert text.count("better") == text.count("no difference shown") == 4
    for draw in (results.loss_figure, results.accuracy_figure):
        figure = draw(found)
        assert [axes.get_title() for axes in figure.axes] == list(TASKS)
        plt.close(figure)


def test_all_runs_are_read_or_none(monkeypatch):
    found = made_up(SAME, SAME)
    check_whole(monkeypatch, results.stored, found)
