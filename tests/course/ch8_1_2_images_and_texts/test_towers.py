"""What captions are turned into, what a step draws, and that both towers learn."""

import pytest
import torch

from pyft.course.ch8_1_2_images_and_texts import digits, experiment, recipes, towers
from pyft.errors import PyftError


@pytest.fixture
def no_minilm(monkeypatch):
    """Vectors of captions without the fetched weights: a numeral's is near that of its name, all else is the same."""

    def vectors(texts):
        names = [next(k for k in range(10) if {recipes.NAMES[k], str(k)} & set(text.split())) for text in texts]
        return torch.eye(10)[names].repeat(1, 2) + 0.1

    monkeypatch.setattr(towers, "sentence_vectors", vectors)
    monkeypatch.setattr(experiment.models, "weights_digest", lambda name: {"fetched": name})


def test_the_parts_are_the_whole_file_in_its_order():
    parts = digits.digits()
    assert [len(y) for _, y in parts.values()] == [recipes.TRAIN, recipes.VALIDATION, 360]
    x, y = parts["train"]
    assert x.shape == (recipes.TRAIN, 64) and float(x.max()) == 1.0 and y[:10].tolist() == list(range(10))
    assert len(digits.digest()) == 16


def test_captions_name_each_digit_in_each_frame():
    table = towers.captions("seen", [3, 7])
    assert table[0] == ["the digit three", "the digit seven"]
    assert len(table) == len(recipes.FRAMES)
    assert towers.captions("numerals")[0][4] == "the digit 4"
    words = [{word for frame in frames for word in frame.split()} for frames in (recipes.FRAMES, recipes.NEW_FRAMES)]
    assert len(words[0] & words[1]) <= 2 + 1  # the braces, and hardly a word


def test_unknown_words_are_passed_over():
    read = towers.words_of(["the digit one", "the digit two"])
    assert read(["the digit one", "one one seven"]).tolist() == [[1, 1, 1, 0], [0, 2, 0, 0]]  # digit, one, the, two


def test_a_group_has_every_digit_once_and_one_at_random_need_not():
    y = torch.arange(200) % 10
    x = y[:, None].float()
    seen = [k for k in range(10) if k != 4]
    place = {k: (y == k).nonzero()[:, 0] for k in seen}
    torch.manual_seed(0)
    for at_random in (False, True):
        pixels, column = towers._groups(x, y, seen, place, at_random)
        assert pixels.shape == (recipes.GROUPS, 9, 1) and column.shape == (recipes.GROUPS, 9)
        drawn = torch.tensor(seen)[column]
        assert torch.equal(pixels[..., 0], drawn.float())  # each image goes with its own digit
        once = [sorted(row.tolist()) == seen for row in drawn]
        assert not all(once) if at_random else all(once)


def test_it_learns_to_name_and_the_same_seed_learns_the_same(no_minilm):
    x, y = digits.digits()["train"]
    for arm in ("words", "MiniLM", "random batches"):
        both = [towers.learn(x, y, arm, 0, steps=100) for _ in range(2)]
        found = [towers_.cosines(x, "seen") for towers_ in both]
        assert torch.equal(*found)
        assert (found[0].argmax(1) == y).float().mean() > 0.5
        assert found[0].abs().max() <= 1 + 1e-5
    with pytest.raises(PyftError, match="arm"):
        towers.learn(x, y, "softmax", 0, steps=1)


def test_what_a_numeral_is_only_the_pretrained_reader_knows(no_minilm):
    x, y = digits.digits()["train"]
    named = {}
    for arm in recipes.TOWERS:
        found = towers.learn(x, y, arm, 0, steps=100).cosines(x, "numerals")
        named[arm] = float((found.argmax(1) == y).float().mean())
    assert named["MiniLM"] > 0.5 > 0.2 > named["words"]


def test_a_digit_that_is_held_out_is_not_seen(no_minilm, monkeypatch):
    x, y = digits.digits()["train"]
    seen = []
    monkeypatch.setattr(towers, "clip_loss", lambda z: seen.append(z.shape) or z.mean())
    both = towers.learn(x, y, "words", 0, held=7, steps=2)
    assert seen == [(recipes.GROUPS, 9, 9)] * 2
    assert torch.equal(both.read(["the digit seven"]), both.read(["the digit"]))


def test_runs_give_an_answer_for_every_image(no_minilm, monkeypatch):
    monkeypatch.setattr(recipes, "STEPS", 3)
    for arm, held, phrasings in [
        ("words", None, list(recipes.PHRASINGS)), ("MiniLM", 3, ["seen"]), ("softmax", None, [""]),
    ]:  # fmt: skip
        made = experiment.run(arm, held, 0)
        assert list(made["answers"]) == phrasings
        assert all(len(experiment.answers(made, phrasing)) == 360 for phrasing in phrasings)
    assert len(set(experiment.plan())) == len(experiment.plan()) == recipes.SEEDS * (len(recipes.ARMS) + 2 * 10)
    keys = {experiment.EXPERIMENT.key(*arguments) for arguments in experiment.plan()}
    assert len(keys) == len(experiment.plan())


def test_the_linear_model_is_chosen_on_validation_images():
    found, C = experiment.linear()
    assert C in recipes.STRENGTHS
    assert (found == digits.digits()["test"][1].numpy()).mean() > 0.8
