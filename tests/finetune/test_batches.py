"""Texts and words as the batches that a model reads, and data that cannot be trained on."""

import random
from dataclasses import replace

import numpy as np
import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st
from training import SHORT, film
from transformers import BertTokenizerFast, XLNetConfig, XLNetForSequenceClassification

from pyft import finetune
from pyft.errors import PyftError
from pyft.finetune.batches import check, collate, encode, labelled, length_grouped_batches, length_parts, pad, tokenize
from pyft.finetune.loop import fine_tune
from pyft.maths.objectives import IGNORED
from pyft.models.loading import digest

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")


def test_pad_fills_up_to_the_longest_and_masks_the_filling():
    filled, mask = pad([[2, 5, 3], [2, 3], [7]], fill=9)
    assert filled.tolist() == [[2, 5, 3], [2, 3, 9], [7, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 1, 0], [1, 0, 0]]


def test_pad_masks_by_length_and_not_by_id():
    _, mask = pad([[0, 0], [0]], fill=0)
    assert mask.tolist() == [[1, 1], [1, 0]]


def test_encode_cuts_at_the_end_and_keeps_the_separator(tokenizer):
    assert encode(tokenizer, ["good bad film a the", "good"], max_length=4) == [[2, 5, 6, 3], [2, 5, 3]]


@given(st.lists(st.integers(1, 60), max_size=80), st.integers(1, 9), st.integers(0, 99), st.integers(1, 4))
def test_grouped_batches_hold_every_index_once_in_batches_no_longer_than_asked(lengths, batch_size, seed, window):
    batches = length_grouped_batches(lengths, batch_size, random.Random(seed), window)
    assert sorted(i for batch in batches for i in batch) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= batch_size for batch in batches)


@pytest.mark.parametrize("n,batch_size", [(40, 8), (41, 8), (1, 8), (1000, 8)])
def test_there_are_as_many_batches_as_the_schedule_has_steps(n, batch_size):
    assert len(length_grouped_batches([5] * n, batch_size, random.Random(0))) == -(-n // batch_size)


def test_grouped_batches_follow_from_the_seed():
    lengths = [i % 17 for i in range(100)]
    one, same, other = (length_grouped_batches(lengths, 8, random.Random(seed)) for seed in (0, 0, 1))
    assert one == same
    assert one != other


def test_two_epochs_of_one_generator_have_other_batches():
    rng = random.Random(0)
    assert length_grouped_batches(list(range(100)), 8, rng) != length_grouped_batches(list(range(100)), 8, rng)


def test_texts_of_a_batch_are_of_similar_length_and_short_ones_do_not_come_first():
    lengths = [int(x) for x in np.random.default_rng(0).integers(5, 100, 800)]
    batches = length_grouped_batches(lengths, 16, random.Random(0))
    padded = sum(len(b) * max(lengths[i] for i in b) for b in batches)
    assert padded < 1.05 * sum(lengths)
    longest = [max(lengths[i] for i in b) for b in batches]
    assert longest != sorted(longest)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8), st.integers(0, 200))
def test_parts_of_a_batch_hold_every_index_once_and_no_other_cut_costs_less(lengths, part_cost):
    parts = length_parts(range(len(lengths)), lengths, part_cost)
    assert sorted(i for part in parts for i in part) == list(range(len(lengths)))

    def cost(parts):
        return sum(len(part) * max(lengths[i] for i in part) + part_cost for part in parts)

    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    for cuts in range(2 ** (len(order) - 1)):  # a bit a place between two texts
        other, begin = [], 0
        for end in range(1, len(order) + 1):
            if end == len(order) or cuts >> (end - 1) & 1:
                other.append(order[begin:end])
                begin = end
        assert cost(parts) <= cost(other)


def test_random_batches_in_parts_are_hardly_padded():
    lengths = [int(x) for x in np.random.default_rng(0).lognormal(3, 0.6, 800)]
    cut = []
    for window in (1, 50):
        batches = length_grouped_batches(lengths, 16, random.Random(0), window)
        parts = [part for batch in batches for part in (length_parts(batch, lengths, 40) if window == 1 else [batch])]
        cut.append(sum(len(part) * max(lengths[i] for i in part) for part in parts) / sum(lengths))
    assert cut[0] < 1.25 and cut[1] < 1.1
    whole = length_grouped_batches(lengths, 16, random.Random(0), 1)
    assert sum(len(b) * max(lengths[i] for i in b) for b in whole) > 2 * sum(lengths)


def test_words_are_told_from_their_later_pieces(tokenizer):
    rows = tokenize(tokenizer, [["good", "film", "the"], ["bad"]], max_length=4)
    assert rows[0]["input_ids"] == [2, 5, 7, 3]  # the third word was cut off
    assert [row["words"] for row in rows] == [[-1, 0, 1, -1], [-1, 0, -1]]


def test_a_word_of_several_pieces_is_labelled_at_the_first(tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "film", "##s", "a"]))
    pieces = BertTokenizerFast(vocab=str(tmp_path / "vocab.txt"))
    rows = labelled(tokenize(pieces, [["films", "a"]], 16), [[4, 2]])
    assert rows[0]["input_ids"] == [2, 5, 6, 7, 3]
    assert rows[0]["labels"] == [IGNORED, 4, IGNORED, 2, IGNORED]


def test_collate_pads_labels_of_words_where_it_pads_words(tokenizer):
    rows = labelled(tokenize(tokenizer, [["good", "film"], ["bad"]], 16), [[1, 0], [2]])
    right = collate(rows, tokenizer)
    assert right["labels"].tolist() == [[IGNORED, 1, 0, IGNORED], [IGNORED, 2, IGNORED, IGNORED]]
    tokenizer.padding_side = "left"
    left = collate(rows, tokenizer)
    assert left["labels"][1].tolist() == [IGNORED, IGNORED, 2, IGNORED]
    assert left["attention_mask"][1].tolist() == [0, 1, 1, 1]
    assert left["input_ids"][1].tolist() == [0, 2, 6, 3]


# --- data that cannot be trained on -----------------------------------------------------------------------------------


def rows(texts, labels):
    return Dataset.from_dict({"text": texts, "label": labels})


@pytest.mark.parametrize(
    "data,said",
    [
        (None, "split 'train' is empty: expected at least one row"),
        (rows([], []), "split 'train' is empty"),
        (Dataset.from_dict({"text": ["a"]}), r"expected columns `text` and `label`, found \['text'\]"),
        (Dataset.from_dict({"sentence": ["a"], "label": [0]}), r"found \['sentence', 'label'\]"),
        (rows(["a", ""], [0, 1]), "row 1: the text is empty"),
        (rows(["a", " \n\t"], [0, 1]), "row 1: the text is empty"),
        (rows(["a", "b", None], [0, 1, 1]), "row 2: the text is empty"),
        (rows(["a", "b"], [0, 2]), "row 1: label 2, expected a whole number from 0 to 1"),
        (rows(["a", "b"], [-1, 1]), "row 0: label -1, expected"),
        (rows(["a", "b"], [0, None]), "row 1: label None, expected"),
        (rows(["a", "b"], [0.0, 1.0]), "row 0: label 0.0, expected"),
        (rows(["a", "b"], ["0", "1"]), "row 0: label '0', expected"),
        (rows(["a", "b"], [1, 1]), "split 'train' has one label only"),
    ],
)
def test_what_cannot_be_trained_on_is_named_before_the_first_step(data, said, tokenizer, tiny_bert):
    model = tiny_bert()
    before = digest(model)
    with pytest.raises(PyftError, match=said):
        fine_tune(model, tokenizer, data, film(2), SHORT)
    assert digest(model) == before


def test_validation_is_checked_before_training_too(tokenizer, tiny_bert):
    with pytest.raises(PyftError, match="split 'validation', row 0: the text is empty"):
        fine_tune(tiny_bert(), tokenizer, film(4), rows([""], [0]), SHORT)


def test_validation_may_hold_one_label_only(tokenizer, tiny_bert):
    assert fine_tune(tiny_bert(), tokenizer, film(4), rows(["good"], [1]), SHORT).steps == [1]


def test_good_data_pass():
    check(film(2), num_labels=2, split="train")


@pytest.mark.parametrize(
    "tokens,tags,said",
    [
        ([["a", "b"]], [[0]], "row 0: 2 words, 1 tags"),
        ([["a"], []], [[0], []], "row 1: the text is empty"),
        ([["a", " "]], [[0, 1]], "row 0: the text is empty"),
        ([["a", "b"]], [[0, 3]], "row 0: label 3, expected a whole number from 0 to 2"),
        ([["a", "b"]], [[1, 1]], "has one label only"),
    ],
)
def test_unfit_tags_are_refused_with_their_row(tokens, tags, said):
    with pytest.raises(PyftError, match=said):
        check(Dataset.from_dict({"tokens": tokens, "ner_tags": tags}), 3, "train")


@pytest.mark.parametrize(
    "labels,said",
    [
        ([0.5, 1], "row 1: label 1, expected a finite number with a decimal point"),
        ([float("nan"), 0.5], "row 0: label nan, expected a finite"),
        ([0.5, None], "row 1: label None, expected a finite"),
        ([0.5, 0.5], "has one label only"),
    ],
)
def test_unfit_ratings_are_refused_with_their_row(labels, said):
    class Rows(dict):
        column_names = ("text", "label")

        def __len__(self):
            return len(labels)

    with pytest.raises(PyftError, match=said):
        check(Rows(text=["a", "b"], label=labels), 1, "train")


@pytest.mark.parametrize("kind,longest", [("bert", 128), ("roberta", 125)])
def test_a_length_that_the_model_has_no_positions_for_is_refused(kind, longest, tokenizer, tiny_bert):
    model = tiny_bert()
    if kind == "roberta":
        model.config.model_type, model.config.pad_token_id = "roberta", 2
    finetune.check_length(model, replace(SHORT, max_length=longest))
    for length in (2, longest + 1):
        with pytest.raises(PyftError, match=f"max_length is {length}, expected 3 to {longest}: "):
            fine_tune(model, tokenizer, film(8), film(4), replace(SHORT, max_length=length))


def test_a_model_of_relative_positions_takes_any_length():
    model = XLNetForSequenceClassification(XLNetConfig(vocab_size=11, d_model=32, n_layer=1, n_head=2, d_inner=64))
    finetune.check_length(model, replace(SHORT, max_length=5000))
