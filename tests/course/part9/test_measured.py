"""What is read of stored runs: accuracies by seed, answers, costs, and nothing that was not measured."""

import numpy as np
import pytest
from made_ways import N, answers, transfer, way

from pyft.course.part9 import measured
from pyft.course.part9.measured import Way
from pyft.evaluation.stats import accuracy_interval, mean_interval, pack_bits
from pyft.evaluation.verdicts import compare_runs


def test_an_interval_is_over_seeds_or_over_texts_where_no_seed_differs():
    made = way("x", 0.7)
    assert made.interval == pytest.approx(mean_interval(made.accuracy)[1:])
    alike = Way("x", 5, "made", (0.7, 0.7), 400)
    assert alike.interval == accuracy_interval(280, 400)
    assert Way("x", 5, "made", (0.99, 1.0), 400).interval[1] == 1.0


def test_memory_is_four_bytes_a_weight_and_unknown_without_their_number():
    assert way("x", 0.7, weights=2**20).mib == 4.0
    assert way("x", 0.7).mib is None


def test_two_ways_are_compared_over_the_seeds_that_both_have():
    a, b = answers(0.8, 1), answers(0.6, 2, S=3)
    made = [Way(name, 9, "made", tuple(x.mean(1)), N, x) for name, x in (("a", a), ("b", b))]
    assert measured.versus(*made) == compare_runs(a[:3], b)
    one = Way("c", 9, "made", (0.5,), N, b[0])
    assert measured.versus(made[0], one) == compare_runs(a, b[0])
    assert measured.versus(one, made[0]).difference == -measured.versus(made[0], one).difference
    assert measured.versus(made[0], Way("d", 9, "made", (0.5,), N)) is None
    assert measured.versus(made[0], Way("e", 9, "made", (0.5,), 3, np.ones(3, bool))) is None


def test_film_reviews_are_read_by_method_and_number_of_labels_from_test_runs_alone():
    found = transfer()
    ways = {(w.name, w.labels): w for w in measured.films(found, N, {"BERT, fine-tuned": 7.0})}
    assert list(ways) == [
        ("TF-IDF, linear", 50),
        ("TF-IDF, linear", 200),
        ("BERT's features, linear", 50),
        ("BERT's features, linear", 200),
        ("BERT, head alone", 200),
        ("BERT, fine-tuned", 50),
        ("BERT, fine-tuned", 200),
    ]
    tuned = ways["BERT, fine-tuned", 50]
    assert tuned.records == "transfer, 3 seeds" and tuned.right.shape == (3, N)
    assert tuned.accuracy == pytest.approx(tuple(tuned.right.mean(1)), abs=1e-6)  # by seed
    assert (tuned.seconds, tuned.ms, tuned.weights) == (41.0, 7.0, 1000)
    assert ways["TF-IDF, linear", 200].right.shape == (N,) and ways["TF-IDF, linear", 50].right.shape == (3, N)


def test_weights_kept_are_those_that_answer_not_those_that_were_trained():
    ways = {w.name: w for w in measured.films(transfer(), N)}
    assert ways["BERT, head alone"].weights == 1000 and ways["BERT, head alone"].trained == 30
    assert ways["BERT's features, linear"].weights == 1000 - 30 + 5
    assert ways["TF-IDF, linear"].weights == 600
    assert ways["BERT, fine-tuned"].ms is None


def test_what_a_text_takes_comes_from_the_clock_or_from_what_is_known_of_training():
    ms = measured.milliseconds(transfer())
    assert ms["BERT's features, linear"] == ms["BERT, fine-tuned"] == pytest.approx(1000 * 3 / 200)  # the median seed
    assert ms["TF-IDF, linear"] == pytest.approx(1000 * 0.4 / 200)
    assert "RoBERTa, fine-tuned" not in ms
    p95 = {"RoBERTa, fine-tuned": 31.5, "BERT, fine-tuned": 30.0}
    assert measured.milliseconds(transfer(), {"runs": [{"p95": p95}]}) == p95


def test_ways_that_answer_with_one_network_have_one_time():
    p95 = {"BERT, fine-tuned": 30.0, "BERT, head alone": 29.0, "BERT's features, linear": 40.0}
    assert measured.milliseconds(transfer(), {"runs": [{"p95": p95}]}) == p95 | {"BERT, head alone": 30.0}


def test_architectures_are_scored_by_whole_texts():
    rows = answers(0.8, 5, S=2)
    runs = [
        {"model": m, "corpus": "c", "seed": s, "right": pack_bits(x), "parameters": 7, "seconds": 5.0 + s, "score": 0.1}
        for m in ("bert", "xlnet-continued")
        for s, x in enumerate(rows)
    ]
    (bert,) = measured.architectures({"runs": runs}, "c", 300, N, {"BERT, fine-tuned": 2.0})
    assert bert.accuracy == pytest.approx(tuple(rows.mean(1))) and bert.labels == 300
    assert (bert.seconds, bert.clock, bert.ms) == (5.5, measured.WALL, 2.0)
    both = measured.architectures({"runs": runs}, "c", 300, N, names=("bert", "xlnet-continued"))
    assert [w.name for w in both] == ["BERT, fine-tuned", "XLNet, trained on, fine-tuned"]
    assert measured.architectures({"runs": runs}, "other", 300, N) == []


def test_chinese_reviews_have_the_answers_of_every_number_of_labels():
    rows = answers(0.7, 3, S=2)
    runs = [{"kind": "trial", "size": "100", "seed": 10, "accuracy": 1.0}] + [
        {"kind": kind, "size": size, "seed": s, "accuracy": float(rows[s].mean()), "texts": N}
        | {"right": pack_bits(rows[s]), "provenance": {"seconds": 4.0 + s}}
        for kind in ("characters", "encoder")
        for size in ("1,000", "all")
        for s in (1, 0)
    ]
    ways = measured.chinese_reviews({"runs": runs}, 9000)
    assert {(way.name, way.labels) for way in ways} == {
        (name, n) for name in ("multilingual E5, fine-tuned", "TF-IDF of characters, linear") for n in (1000, 9000)
    }
    for each in ways:
        assert (each.right == rows).all() and each.accuracy == tuple(rows.mean(1))
        assert (each.language, each.tested, each.seconds, each.clock) == ("Chinese", N, 4.5, measured.WALL)


def test_own_data_are_read_by_set_and_way():
    rows, about = answers(0.7, 3, S=2), {"rows": {"train": 60, "test": N}, "set": "films"}
    runs = [
        about | {"way": way, "seed": s, "score": float(rows[s].mean()), "seconds": 4.0 + s, "right": pack_bits(rows[s])}
        for way, seeds in (("linear model", (0,)), ("ours", (1, 0)))
        for s in seeds
    ]
    linear, ours = measured.own_data({"runs": [*runs, runs[0] | {"set": "posts", "way": "ours"}]}, "films")
    assert (ours.labels, ours.tested, ours.seconds, ours.weights) == (60, N, 4.5, None)
    assert (ours.right == rows).all() and linear.right.shape == (N,)


def test_what_is_not_stored_is_not_there():
    assert measured.have("transfer") and not measured.have("no-such-experiment")
