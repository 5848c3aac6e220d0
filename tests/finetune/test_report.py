"""The report and the card say what was found, and what comes from the data is text in them, whatever it is."""

import numpy as np
import pytest
import torch
from bs4 import BeautifulSoup
from datasets import ClassLabel, Dataset, Features, List, Value

from pyft.finetune import findings, report
from pyft.finetune.answers import Answers
from pyft.finetune.history import History
from pyft.finetune.markdown import as_html, escape, table

EVIL = '<script>alert(1)</script> | [a](javascript:alert(2)) `x` **b**\n# head & "q"'
HISTORY = History([1.0] * 4, [2, 4], [0.9, 0.5], [0.8, 0.6], [0.5, 0.75], best=4)


def card(task, labels):
    scores = {"model": {"accuracy": 0.5, "interval": [0.1, 0.9]}, "TF-IDF": {"not made": "no words"}}
    recipe = {"epochs": 1, "max_length": 9, "lr": 1e-4, "batch_size": 2, "patience": 2}
    about = {"task": task, "labels": labels, "model": "bert", "profile": "laptop", "seed": 0, "max_length": 9}
    return about | {"recipe": recipe, "rows": {"train": 9, "validation": 2, "test": 2}, "warnings": [EVIL],
                    "advice": [], "scores": scores}  # fmt: skip


def classified():
    labels = ["neg", EVIL]
    features = Features({"id": Value("string"), "text": Value("string"), "label": ClassLabel(names=labels)})
    test = Dataset.from_dict({"id": ["7", "8"], "text": [EVIL, "fine"], "label": [0, 1]}, features=features)
    p = torch.tensor([[0.1, 0.9], [0.3, 0.7]])
    return card("sequence-classification", labels), test, Answers([EVIL, EVIL], p)


@pytest.fixture
def text():
    about, test, given = classified()
    table = [["", "train"], [f"label {EVIL}", "9"]]
    return report.report(about, table, [EVIL], HISTORY, test, given, "pyft finetune --data 'a b.csv'\nmore")


def test_what_comes_from_the_data_is_no_markup(text):
    page = BeautifulSoup(as_html(text), "html.parser")
    assert not page.find_all(["script", "a", "em"])
    assert {mark.text for mark in page.find_all("strong")} == {"accuracy 50.0 %", "0", "1"}  # ours: see `Strong`
    assert [h.name for h in page.find_all(["h1"])] == ["h1"]
    (row,) = [r for r in page.find_all("tr") if r.find("td") and r.find("td").text == "7"]
    cells = [cell.text for cell in row.find_all("td")]
    assert cells[1] == EVIL.replace("\n", " ") == cells[3] and cells[4] == "0.100"


def test_the_report_has_its_parts(text):
    heads = [line for line in text.splitlines() if line.startswith("#")]
    assert heads == [
        "# A model for classes of texts", "## Data", "## Scores", "## Learning", "## Confusions",
        "## Calibration", "## The errors furthest off", "## How it was made",
    ]  # fmt: skip
    assert "    pyft finetune --data 'a b.csv'\n" in text and "more" not in text
    assert "not made: no words" in text.replace("\\", "")
    assert "4 (kept)" in text.replace("\\", "")


@pytest.mark.parametrize(
    "text", [EVIL, "1. one", "- a", "+", "= b", "12) c", "a\\", "![a](b)", "http://a.b www.a.b", "$x$ & ~~y~~"]
)
def test_any_text_shows_as_it_stands(text):
    page = BeautifulSoup(as_html(f"{escape(text)}\n\n{table([['head'], [text]])}"), "html.parser")
    shown = " ".join(text.split("\n"))
    assert [page.body.p.text, page.body.td.text] == [shown, shown]
    assert not page.body.find_all(["a", "li", "ol", "ul", "img", "strong", "em", "code", "del", "h1", "h2"])


def test_numbers_stand_on_the_right_and_texts_on_the_left():
    rule = table([["a", "b", "c"], ["x", "1,000", "43.7 to 97.0"], ["y", "", "-2.5"]]).splitlines()[1]
    assert rule == "| --- | ---: | ---: |"


def test_the_page_is_whole_without_the_files_beside_it():
    found = BeautifulSoup(as_html("# a\n\n![b](c.svg)\n", {"c.svg": b"<svg/>"}), "html.parser")
    assert found.img["src"].startswith("data:image/svg+xml;base64,") and found.img["alt"] == "b"
    assert found.find("meta", {"name": "viewport"})


def test_shares_are_told_in_percent_and_the_paired_test_with_its_numbers():
    accuracy = {"model": {"accuracy": 0.8372, "interval": [0.801, 0.8694], "macro_f1": 0.8}}
    scores = accuracy | {"against TF-IDF": {"verdict": "better", "p": 0.003}}
    assert report.score_lines(scores)[1] == ["model", "83.7", "80.1 to 86.9", "80.0"]
    (said,) = report.test_lines("sequence-classification", scores)
    assert said == "The model against TF-IDF: better (McNemar's exact test, p = 0.003)."
    (said,) = report.test_lines(
        "token-classification",
        {"against commonest tag": {"verdict": "better", "f1 higher by": 0.051, "interval": [0.02, 0.08]}},
    )
    assert "(paired bootstrap, gain in F1: 5.1 points, 95 % interval 2.0 to 8.0)" in said
    rated = {"model": {"pearson_r": None, "interval": None, "mse": 0.25}}
    assert report.score_lines(rated)[1] == ["model", "", "", "0.25"]
    against = {"against TF-IDF": {"verdict": "worse", "mse lower by": -0.5, "interval": [-0.7, -0.3]}}
    (said,) = report.test_lines("regression", against)
    assert "fall in mean squared error: -0.5, 95 % interval -0.7 to -0.3" in said


def test_of_very_many_measurements_some_are_listed_with_the_kept_one_and_the_last():
    many = [float(i) for i in range(1, 41)]
    found = report.curve_lines(History(many, list(range(1, 41)), many, many, many, best=8))
    assert len(found) < 15 and found[-1][0] == "40" and ["8 (kept)", *["8"] * 3] in found


def test_the_main_figures_stand_first():
    scores = {"model": {"accuracy": 0.5, "interval": [0.1, 0.9]}, "TF-IDF": {"accuracy": 0.4}, "x": {"not made": "y"}}
    said = report.summary(scores | {"against TF-IDF": {"verdict": "better", "p": 0.1}}, 1200)
    assert said == "On 1,200 test rows: **accuracy 50.0 %** (10.0 to 90.0), TF-IDF 40.0 %."
    assert report.summary({"model": {"pearson_r": None, "interval": None, "mse": 2.0}}, 9) == ""


def test_tags_and_ratings_have_reports_too():
    names = ["O", "B-PER", "I-PER"]
    tags = Features({"id": Value("string"), "tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    test = Dataset.from_dict({"id": ["3"], "tokens": [["Anna", "went"]], "ner_tags": [[1, 0]]}, features=tags)
    p = [torch.tensor([[0.7, 0.2, 0.1], [0.9, 0.05, 0.05]])]
    found = report.report(
        card("token-classification", names), [["", "x"]], [], HISTORY, test, Answers([["O", "O"]], p), ""
    )
    assert "Anna: PER | nothing" in found.replace("\\", "")
    rated = Dataset.from_dict({"id": ["3", "4"], "text": ["a", "b"], "label": [1.0, 2.0]})
    found = report.report(card("regression", ["label"]), [["", "x"]], [], HISTORY, rated, Answers([1.0, 5.5], None), "")
    assert "| 4 | b | 2 | 5.5 |" in found.replace("\\", "") and "Calibration" not in found


def test_the_card_is_one_of_the_hub_and_names_no_folder():
    from huggingface_hub import ModelCard

    about, *_ = classified()
    found = ModelCard(report.model_card(about))
    assert found.data.pipeline_tag == "text-classification" and found.data.library_name == "transformers"
    assert "THIS/FOLDER" in str(found) and "<script>" not in str(found)


@pytest.mark.parametrize(
    "losses,said",
    [([1.0, 0.9, 0.8, 0.7], True), ([1.0, 0.8, 0.7, 0.9], False), ([0.8, 0.8, 0.799, 0.798], False)],
)
def test_a_loss_that_was_still_falling_is_named_with_what_to_try(losses, said):
    found = report.how_it_ended(History([0.5] * 20, validation_loss=losses), 2, steps=10)
    assert bool(found) is said
    if said:
        assert "try --epochs 4" in found[0]


def test_a_training_that_stopped_early_says_so_and_which_weights_are_kept():
    history = History([0.5] * 35, [5, 10, 15], validation_loss=[1.0, 0.7, 0.9], best=15)
    (said,) = report.how_it_ended(history, 9, steps=10)
    assert said.startswith("Training stopped after 3.5 of 9 epochs") and said.endswith("those after 1.5.")
    assert not report.how_it_ended(History([0.5] * 3, validation_loss=[1.0, 0.9, 1.0]), 3, steps=1)


def test_calibration_is_the_mean_distance_of_sure_and_right():
    p = np.array([[0.95, 0.05]] * 4 + [[0.45, 0.55]] * 4)
    right = np.array([True] * 4 + [True, True, False, False])
    found = findings.calibration(p, right)
    assert found.bins == [(4, pytest.approx(0.55), 0.5), (4, pytest.approx(0.95), 1.0)]
    assert found.error == pytest.approx(0.05)


def test_very_many_classes_are_told_by_their_commonest_confusions():
    y = [str(i) for i in range(40)]
    z = ["0", "0", *y[2:]]
    assert findings.confusions("sequence-classification", y, z) == [["is", "found", "rows"], ["1", "0", "1"]]
    small = findings.confusions("sequence-classification", ["a", "b", "b"], ["a", "a", "b"])
    assert small == [["is \\ found", "a", "b"], ["a", "1", "0"], ["b", "1", "1"]]
