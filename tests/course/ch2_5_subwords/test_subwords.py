"""Every proof of section 2.5 holds, and every mutant is caught by one of them."""

import pytest
import torch

from pyft.course.ch2_5_subwords import mutants, subwords
from pyft.course.ch2_5_subwords.proofs import WORDS
from pyft.evidence.proofs import check_equal
from pyft.exercises import every
from pyft.mutation import Mutant, SurvivedError, hunt


@pytest.mark.parametrize("name", mutants.PROOFS)
def test_ours_is_the_library_s(name):
    cases = list(mutants.PROOFS[name](subwords))
    assert len(cases) > 5
    for what, ours, reference, tol in cases:
        check_equal(what, ours, reference, tol)


@pytest.mark.parametrize("mutant", mutants.MUTANTS, ids=lambda mutant: mutant.name)
def test_each_mutant_is_caught(mutant):
    assert hunt(mutant, mutants.PROOFS, mutants.mutate).split(",")[0].split(":")[0] in str(mutants.PROOFS)


def test_a_change_that_changes_nothing_survives():
    same = Mutant("the same", "subwords", "i += 2 if at else 1", "i += 1 + at", "")
    with pytest.raises(SurvivedError):
        hunt(same, mutants.PROOFS, mutants.mutate)


def test_the_words_of_the_paper():
    assert subwords.train_bpe(WORDS, 4) == [("e", "s"), ("es", "t"), ("l", "o"), ("lo", "w")]
    assert subwords.encode_bpe("lowest", subwords.train_bpe(WORDS, 4)) == ("low", "est")


def test_nothing_is_left_to_merge():
    assert subwords.train_bpe({"ab": 1}, 5) == [("a", "b")]


def test_one_unknown_letter_loses_the_word():
    assert subwords.encode_wordpiece("good!", {"good", "##s"}) == ("[UNK]",)
    assert subwords.encode_wordpiece("goods", {"good", "##s"}) == ("good", "##s")


def test_the_best_cut_is_not_the_greedy_one():
    log_p = {"a": -1.0, "b": -1.0, "c": -1.0, "ab": -1.5, "abc": -9.0, "bc": -1.2}
    assert subwords.encode_unigram("abc", log_p) == ("a", "bc")


def test_the_exercises_are_the_page_s_own_algorithms():

    exercises = every("2.5")
    assert list(exercises) == ["2.5-a", "2.5-b"]
    ids = exercises["2.5-a"].solution(torch.tensor([ord(c) for c in "aabaaab"]), ord("a"), ord("a"), ord("A"))
    assert "".join(map(chr, ids.tolist())) == "".join(subwords.merge(tuple("aabaaab"), ("a", "a"))).replace("aa", "A")
    log_p = {"a": -1.0, "b": -1.0, "c": -1.0, "ab": -1.5, "abc": -9.0, "bc": -1.2}
    score = torch.tensor([[log_p.get("abc"[s:e], -torch.inf) for e in range(4)] for s in range(4)])
    best = sum(log_p[piece] for piece in subwords.encode_unigram("abc", log_p))
    assert exercises["2.5-b"].solution(score).item() == pytest.approx(best)
