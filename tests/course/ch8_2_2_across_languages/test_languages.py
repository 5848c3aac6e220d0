"""Languages that are centred, translations that are found, and new words in an old model."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from transformers import BertForPreTraining

from pyft.course.ch8_2_2_across_languages import new_words
from pyft.course.ch8_2_2_across_languages.languages import PAIRS, centred, gap, retrieval
from pyft.course.ch8_2_2_across_languages.recipes import WORDS
from pyft.errors import PyftError

X = np.array([[1.0, 1], [-1, 1], [4, -1], [2, -1]])
LANGUAGE = np.array(["English", "English", "Chinese", "Chinese"])

# --- vectors ----------------------------------------------------------------------------------------------------------


def test_each_language_is_centred_by_its_own_mean():
    assert centred(X, LANGUAGE).tolist() == [[1, 0], [-1, 0], [1, 0], [-1, 0]]


def test_the_gap_is_that_of_the_means_in_distances_from_them():
    assert gap(X, LANGUAGE) == pytest.approx(np.sqrt(13))  # from (0, 1) to (3, -1); each text is 1 from its own
    assert gap(centred(X, LANGUAGE), LANGUAGE) == pytest.approx(0)


def test_a_translation_is_found_if_no_other_is_nearer():
    A = np.eye(3)
    assert retrieval(A, 5 * A) == 1
    assert retrieval(A, A[[1, 0, 2]]) == pytest.approx(1 / 3)


def test_there_are_pairs_enough_and_none_twice():
    assert len({english for english, _ in PAIRS}) == len({chinese for _, chinese in PAIRS}) == len(PAIRS) >= 20


# --- new words --------------------------------------------------------------------------------------------------------


def test_new_words_are_looked_up_and_alone_learn():
    old, new = nn.Embedding(6, 3), torch.randn(2, 3)
    words = new_words.NewWords(old.weight, [5, 2], new)
    whole = old.weight.detach().clone()
    whole[[5, 2]] = new
    ids = torch.tensor([[0, 5, 2], [2, 1, 5]])
    assert torch.equal(words(ids), F.embedding(ids, whole))
    assert torch.equal(words.merged(), whole)
    assert [name for name, _ in words.named_parameters()] == ["new"]
    words(ids).sum().backward()
    assert torch.equal(words.new.grad, torch.full((2, 3), 2.0))


def test_characters_come_by_frequency_and_rare_ones_and_latin_letters_stay_out():
    assert new_words.characters(["好好好 good 书书", "好书 a a a 电"], 2) == ["好", "书"]
    with pytest.raises(PyftError, match="no Chinese character"):
        new_words.characters(["good film"], 1)


def test_a_tokenizer_learns_characters_and_the_old_one_does_not(tokenizer):
    grown, ids = new_words.with_characters(tokenizer, ["好", "书"])
    assert grown("good 好书")["input_ids"][1:-1] == [tokenizer.convert_tokens_to_ids("good"), *ids]
    assert len(tokenizer) == min(ids) == len(grown) - 2


def test_what_is_carried_over_follows_a_linear_map_and_loses_its_shift():
    rng = np.random.default_rng(0)
    A, M = rng.normal(size=(50, 4)), rng.normal(size=(4, 3))
    Z = A[:20] + 9
    expected = (A[:20] - A[:20].mean(0)) @ M + (A @ M).mean(0)
    np.testing.assert_allclose(new_words.carried(A, A @ M, Z, ridge=1e-9), expected, atol=1e-6)


def test_a_random_start_has_the_mean_and_the_spread_of_the_known_words():
    Y = 3 + 2 * torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    drawn = new_words.start_at_random(Y, 4000, seed=1)
    torch.testing.assert_close(drawn.mean(0), Y.mean(0), atol=0.2, rtol=0)
    torch.testing.assert_close(drawn.std(0), Y.std(0), atol=0.2, rtol=0)


class Vocabulary:
    """A tokenizer of which only the words are asked."""

    unk_token_id = 0

    def __init__(self, *words):
        self.words = words

    def get_vocab(self):
        return {word: i for i, word in enumerate(self.words)}


class Embedded:
    def __init__(self, rows):
        self.rows = nn.Embedding.from_pretrained(rows)

    def get_input_embeddings(self):
        return self.rows


def test_words_that_both_know_tell_how_characters_are_carried_over():
    theirs = Vocabulary("<unk>", "▁good", "▁bad", "▁film", "好", "▁坏")
    rows = torch.tensor([[9.0, 9], [1, 0], [-1, 0], [0, 2], [2, 0], [-2, 0]])
    ours = Vocabulary("[PAD]", "film", "good", "bad", "##s")
    Y = torch.tensor([[7.0, 7], [0, 20], [0, 0], [0, 0], [5, 5]])
    Y[2], Y[3] = torch.tensor([10.0, 0]), torch.tensor([-10.0, 0])
    found = new_words.start_from(Embedded(rows), theirs, ours, Y, ["好", "坏"], 1e-9)
    mean = Y[1:4].mean(0)
    torch.testing.assert_close(found, mean + torch.tensor([[20.0, 0], [-20, 0]]), atol=1e-4, rtol=0)


@pytest.mark.long
def test_characters_learn_and_nothing_else_does(tiny_bert, tokenizer, same_torch_afterwards):
    torch.manual_seed(0)
    masked = BertForPreTraining(tiny_bert().config)
    grown, ids = new_words.with_characters(tokenizer, ["好", "书"])
    before = {name: x.clone() for name, x in masked.state_dict().items()}
    begun = new_words.start_at_random(masked.get_input_embeddings().weight.detach(), 2, seed=0)
    texts = ["the 好 film", "a 书"] * 20
    new, losses = new_words.learn(masked, grown, ids, begun, texts, WORDS, 40, seed=0)
    assert not torch.equal(new, begun)
    assert np.mean(losses[-8:]) < np.mean(losses[:8])
    assert all(torch.equal(x, before[name]) for name, x in masked.state_dict().items())


def test_a_classifier_reads_the_new_words_and_the_old_ones_as_before(tiny_bert, tokenizer):
    model = tiny_bert().eval()
    grown, ids = new_words.with_characters(tokenizer, ["好", "书"])
    reader = new_words.speaks(model, ids, torch.randn(2, 32))
    x = tokenizer("a good film", return_tensors="pt")
    torch.testing.assert_close(reader(**x).logits, model(**x).logits)
    one, other = (reader(**grown(text, return_tensors="pt")).logits for text in ("a 好 film", "a 书 film"))
    assert not torch.equal(one, other)
    assert len(model.get_input_embeddings().weight) == len(tokenizer)
