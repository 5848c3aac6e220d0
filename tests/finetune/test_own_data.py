"""What a reader gives to `pyft finetune` and `pyft predict`: nothing lost, no silent wrong answer, no traceback."""

import csv
import json
import signal
import string

import pytest
import transformers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from own_files import lines, reviews, table
from typer.testing import CliRunner

from pyft.cli import app
from pyft.data.from_files import Layout
from pyft.errors import PyftError
from pyft.finetune import loop, pipeline, scores
from pyft.finetune.output_folder import CARD, MARK, RUN
from pyft.finetune.prediction import measure
from pyft.finetune.saved import SavedModel, read_card

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")
CLASSES, TAGS = "sequence-classification", "token-classification"


@pytest.fixture
def train(tiny_minilm):
    """A CSV of forty texts, in the folder of a tiny model that stands for MiniLM."""
    path = tiny_minilm / "train.csv"
    path.write_text(table(reviews()))
    return path


@pytest.fixture
def saved(train):
    """A finished model of that file."""
    pipeline.fit(CLASSES, train, train.parent / "out", epochs=1)
    return train.parent / "out"


def said(*arguments):
    """What a command printed; an error of ours if it raised one."""
    found = CliRunner().invoke(app, list(map(str, arguments)))
    if isinstance(found.exception, PyftError):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found


# --- nothing is lost --------------------------------------------------------------------------------------------------


def test_a_folder_with_files_of_ones_own_is_refused_and_left_as_it_was(train):
    (train.parent / "run").mkdir()
    mine = {"test.jsonl": "my test", "config.json": "{}", "run/notes.txt": "my notes"}
    for name, text in mine.items():
        (train.parent / name).write_text(text)
    with pytest.raises(PyftError, match="holds other files"):
        pipeline.fit(CLASSES, train, train.parent, epochs=1)
    assert {name: (train.parent / name).read_text() for name in mine} == mine


def test_the_same_command_on_a_finished_model_does_nothing_and_another_is_refused(saved, train, monkeypatch, capsys):
    card, weights = read_card(saved), (saved / "model.safetensors").stat().st_mtime_ns
    monkeypatch.setattr(pipeline, "fine_tune", lambda *a: pytest.fail("it was trained again"))
    assert pipeline.fit(CLASSES, train, saved, epochs=1) == card
    assert "holds this very run, finished" in capsys.readouterr().out
    with pytest.raises(PyftError, match="holds a finished model with another epochs"):
        pipeline.fit(CLASSES, train, saved, epochs=2)
    train.write_text(table(reviews(50)))
    with pytest.raises(PyftError, match="holds a finished model with another data"):
        pipeline.fit(CLASSES, train, saved, epochs=1)
    assert (saved / "model.safetensors").stat().st_mtime_ns == weights


def test_what_was_trained_is_saved_before_it_is_scored_and_the_same_command_does_the_rest(train, monkeypatch):
    out = train.parent / "out"
    with monkeypatch.context() as broken:
        broken.setattr(pipeline, "score_with_baselines", lambda *a: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            pipeline.fit(CLASSES, train, out, epochs=1)
    assert set(pipeline.answer_texts(out, ["good"])) <= {"neg", "pos"}
    monkeypatch.setattr(loop, "train_step", lambda *a: pytest.fail("it was trained again"))
    card = pipeline.fit(CLASSES, train, out, epochs=1)
    assert card["scores"]["model"] and json.loads((out / MARK).read_text())["finished"]
    assert not (out / RUN).exists()


def test_a_place_that_cannot_be_written_to_is_named_before_the_first_step(train, monkeypatch):
    monkeypatch.setattr(pipeline, "fine_tune", lambda *a: pytest.fail("it was trained"))
    with pytest.raises(PyftError, match="is no folder"):
        pipeline.fit(CLASSES, train, train, epochs=1)


@pytest.mark.parametrize("measured,words", [(0, "nothing was saved yet"), (1, "as it was last saved")])
def test_an_interrupt_says_what_was_saved(train, monkeypatch, capsys, measured, words):
    def interrupted(history, *arguments):
        if len(history.steps) == measured:
            signal.raise_signal(signal.SIGINT)
        measure(history, *arguments)

    monkeypatch.setattr(loop, "measure", interrupted)
    found = CliRunner().invoke(
        app, ["finetune", "--task", CLASSES, "--data", str(train), "--out", str(train.parent / "out"), "--epochs", "1"]
    )
    assert found.exit_code == 130 and words in found.stderr


# --- no silent wrong answer -------------------------------------------------------------------------------------------


def test_ratings_of_0_to_100_are_learnt(tiny_minilm):
    path = tiny_minilm / "percent.csv"
    path.write_text(table([(text, 80 if "good" in text else 20) for text, _ in reviews(60)]))
    out = tiny_minilm / "out"
    card = pipeline.fit("regression", path, out, epochs=8, changes={"lr": 5e-3})
    assert card["scores"]["model"]["pearson_r"] > 0.9
    bad, good = pipeline.answer_texts(out, ["the bad film", "the good film"])
    assert abs(bad - 20) < 15 and abs(good - 80) < 15
    model = transformers.pipeline("text-classification", str(out))
    assert abs(model("the good film")[0]["score"] - good) < 1e-2


def test_a_dropped_word_is_outside_and_moves_no_tag(tiny_minilm):
    path, test = tiny_minilm / "train.jsonl", tiny_minilm / "test.jsonl"
    words = [["the"] * (i % 6) + [["bad", "good"][i % 2]] + ["film"] * (1 + i // 6) for i in range(60)]  # all differ
    tagged = [{"tokens": w, "tags": ["B-W" if x in ("good", "bad") else "O" for x in w]} for w in words]
    dropped = [{"tokens": ["\ufe0f", *row["tokens"]], "tags": ["O", *row["tags"]]} for row in tagged[:12]]
    path.write_text(lines(*tagged[12:], {"tokens": ["\ufe0f"], "tags": ["O"]}))
    test.write_text(lines(*dropped))
    card = pipeline.fit(TAGS, path, tiny_minilm / "out", test=test, epochs=12, changes={"lr": 5e-3})
    assert card["scores"]["model"]["f1"] == 1.0
    found = [json.loads(line)["found"] for line in (tiny_minilm / "out" / "test.jsonl").read_text().splitlines()]
    assert found == [row["tags"] for row in dropped]
    model = transformers.pipeline("token-classification", str(tiny_minilm / "out"))
    assert {piece["entity"] for piece in model("the good film")} == {"B-W"}


def test_words_beyond_the_cut_are_named(tiny_minilm):
    path, test = tiny_minilm / "train.jsonl", tiny_minilm / "test.jsonl"
    rows = [{"tokens": ["good", *["the"] * i], "tags": ["B-W", *["O"] * i]} for i in range(20)]
    path.write_text(lines(*rows))
    test.write_text(lines({"tokens": ["the", "bad", "film", "a", "poison"], "tags": ["O"] * 5}))
    out = tiny_minilm / "out"
    pipeline.fit(TAGS, path, out, test=test, epochs=1, changes={"max_length": 5})
    (row,) = [json.loads(line) for line in (out / "test.jsonl").read_text().splitlines()]
    assert row["not read"] == ["a", "poison"] and row["found"][3:] == ["O", "O"]
    found = said("predict", out, "--text", "the bad film a poison")
    assert "text 1: 2 words beyond 5 tokens were not read and are O: a, poison" in found.stderr


def test_classes_and_warnings_are_shown_before_the_first_step(train, capsys, monkeypatch):
    train.write_text(table([*reviews(), *((f"a thing {i}", "nan") for i in range(3))]))

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "fine_tune", stop)
    with pytest.raises(KeyboardInterrupt):
        pipeline.fit(CLASSES, train, train.parent / "out", epochs=1)
    shown = capsys.readouterr().out
    for words in ("rows", "left out", "tokens, longest", "cut at 128 tokens", "label neg", "label nan"):
        assert f"\n{words}" in shown
    assert "WARNING: 3 rows have the label 'nan'" in shown
    assert "of the training texts are unknown to the tokenizer" in shown  # it knows no number


def test_a_model_without_its_tokenizer_is_refused(saved):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (saved / name).unlink()
    with pytest.raises(PyftError, match=r"holds no tokenizer .* knows no word"):
        pipeline.answer_texts(saved, ["good"])


# --- a model that can be used -----------------------------------------------------------------------------------------


def test_the_folder_loads_in_transformers_with_the_names_of_the_labels(saved):
    (found,) = transformers.pipeline("text-classification", str(saved))("good film")
    assert [found["label"]] == pipeline.answer_texts(saved, ["good film"])
    assert {"README.md", "report.md", "report.html", "learning_curve.svg"} <= {p.name for p in saved.iterdir()}


def test_options_change_the_recipe_and_are_kept(train):
    layout, changes = Layout("review", "stars"), {"max_length": 9, "lr": 1e-3, "batch_size": 4, "patience": 1}
    train.write_text(table(reviews(), "review,stars"))
    card = pipeline.fit(CLASSES, train, train.parent / "out", epochs=1, layout=layout, changes=changes)
    assert card["recipe"] == {"epochs": 1, **changes} and card["max_length"] == 9


@pytest.mark.parametrize(
    "changes,said",
    [
        ({"lr": 0}, "lr is 0, expected a number above zero"),
        ({"lr": float("nan")}, "lr is nan, expected a number above zero"),
        ({"max_length": 4000}, "max_length is 4000, expected 3 to 128"),
        ({"decay": 1}, "decay cannot be changed here"),
    ],
)
def test_a_number_that_cannot_be_is_refused_before_anything_is_written(train, changes, said):
    with pytest.raises(PyftError, match=said):
        pipeline.fit(CLASSES, train, train.parent / "out", epochs=1, changes=changes)
    assert not (train.parent / "out").exists()


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_cannot_be_is_refused(train, seed):
    with pytest.raises(PyftError, match=f"the seed is {seed}, expected a whole number from 0 to"):
        pipeline.fit(CLASSES, train, train.parent / "out", epochs=1, seed=seed)


def test_the_command_says_what_to_do_next_with_quoted_paths(train):
    out = train.parent / "my model №1"
    found = said("finetune", "--task", CLASSES, "--data", train, "--out", out, "--epochs", 1)
    assert f"pyft predict '{out}' --text" in found.output
    assert "report.html" in found.output


# --- predictions of a file --------------------------------------------------------------------------------------------


def test_a_file_of_texts_gets_a_file_of_answers_with_probabilities(saved, tmp_path):
    texts = ["good, film", "bad\nfilm"]
    (tmp_path / "texts.csv").write_text('Review\n"good, film"\n"bad\nfilm"\n')
    out = tmp_path / "predictions.csv"
    said("predict", saved, "--data", tmp_path / "texts.csv", "--out", out, "--text-column", "review")
    with out.open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == texts
    assert [row["found"] for row in rows] == pipeline.answer_texts(saved, texts)
    assert all(abs(float(row["p(neg)"]) + float(row["p(pos)"]) - 1) < 1e-3 for row in rows)
    with pytest.raises(PyftError, match="is there already, and nothing is written over"):
        said("predict", saved, "--text", "good", "--out", out)
    with pytest.raises(PyftError, match=r"expected a \.csv or \.jsonl file"):
        said("predict", saved, "--text", "good", "--out", tmp_path / "a.xls")
    with pytest.raises(PyftError, match="nothing to predict"):
        said("predict", saved)
    with pytest.raises(PyftError, match="line 3: the text is empty"):
        (tmp_path / "texts.csv").write_text("text,n\ngood,1\n ,2\n")
        said("predict", saved, "--data", tmp_path / "texts.csv")


def test_words_of_a_file_get_a_row_each(tiny_minilm):
    path = tiny_minilm / "train.conll"
    path.write_text("".join(f"the O\n{['bad', 'good'][i % 2]} B-W\n{i} O\n\n" for i in range(40)))
    pipeline.fit(TAGS, path, tiny_minilm / "out", epochs=1)
    texts, out = tiny_minilm / "texts.conll", tiny_minilm / "answers.jsonl"
    texts.write_text("the\ngood\n\n\ufe0f\nbad\n")
    said("predict", tiny_minilm / "out", "--data", texts, "--out", out)
    rows = [json.loads(line) for line in out.read_text(encoding="utf8").splitlines()]
    assert [(row["text"], row["word"], row["token"]) for row in rows] == [
        (1, 1, "the"), (1, 2, "good"), (2, 1, "\ufe0f"), (2, 2, "bad"),
    ]  # fmt: skip
    assert rows[2]["found"] == "O" and all(0 <= row["p"] <= 1 for row in rows)


def test_a_text_that_no_encoding_can_write_is_named(saved):
    with pytest.raises(PyftError, match=r"text 2 holds .*half of an emoji"):
        pipeline.answer_texts(saved, ["good", "half \ud83d"])


CARDS = st.one_of(
    st.binary(max_size=60),
    st.text(string.printable, max_size=60).map(str.encode),
    st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda x: st.lists(x) | st.dictionaries(st.sampled_from(["task", "labels", "max_length", "scores", "x"]), x),
    ).map(lambda x: json.dumps(x).encode()),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=CARDS)
def test_whatever_a_card_holds_it_gives_no_other_error_than_ours(content, tmp_path):
    (tmp_path / CARD).write_bytes(content)
    with pytest.raises(PyftError):
        SavedModel(tmp_path)
    (tmp_path / CARD).unlink()
    (tmp_path / MARK).write_bytes(content)
    with pytest.raises(PyftError):
        pipeline.OutputFolder(tmp_path, {"a": 1}).check()


def test_every_task_has_a_baseline_to_be_held_against():
    assert scores.RIVALS.keys() == {CLASSES, "regression", TAGS}
