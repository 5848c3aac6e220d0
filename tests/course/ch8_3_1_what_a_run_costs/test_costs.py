"""Operations are those that torch counts; memory and hours by formula; what is said of made-up runs."""

import copy
from dataclasses import replace

import pytest
import torch
from matplotlib import pyplot as plt

from pyft.benchmarks.timing import count_flops
from pyft.course.ch8_3_1_what_a_run_costs import costs, runs
from pyft.course.ch8_3_1_what_a_run_costs.runs import FORMULA, RULES, TEXTS, THUMB, Kind, Known
from pyft.errors import PyftError
from pyft.finetune.fast_path import class_token_only
from pyft.maths.sizes import Size, own_parameters
from pyft.models import efficient
from pyft.models.surgery import freeze

TINY = Size(V=11, d=32, d_ff=64, L=2, h=2, positions=128)


def counted(model, B, T):
    ids = torch.randint(11, (B, T))
    return count_flops(lambda: model(input_ids=ids).logits.sum().backward())


# --- operations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_operations_are_those_that_torch_counts(tiny_bert, frozen):
    model = tiny_bert(attn_implementation="eager").eval()
    model = freeze(model, frozen) if frozen else model
    assert costs.classifier(3, 7, TINY, frozen=frozen, fast=False).training == counted(model, 3, 7)


def test_so_are_those_of_the_fast_last_layer(tiny_bert):
    model = tiny_bert(attn_implementation="eager").eval()
    with class_token_only(model):
        fast = counted(model, 3, 7)
    # what the CPU's fused kernel does for one query is in no count: scores and sums of the last layer
    unseen = 3 * 2 * 2 * 3 * 7 * TINY.d
    assert costs.classifier(3, 7, TINY).training in (fast, fast + unseen)


def test_a_batch_costs_what_its_shape_says():
    shapes = [(4, 8), (2, 16)]
    assert costs.of_batches(shapes, TINY) == sum(costs.classifier(B, T, TINY).training for B, T in shapes)
    assert costs.of_batches([], TINY) == 0


def test_more_layers_than_there_are_cannot_be_frozen():
    with pytest.raises(PyftError, match="3 layers of 2"):
        costs.classifier(1, 1, TINY, frozen=3)


def test_lora_costs_about_two_thirds():
    size = replace(TINY, L=6)
    full = costs.training_operations(1280, 64, size)
    part = costs.training_operations(1280, 64, size, "LoRA")
    assert 0.6 < part / full < 0.8
    assert costs.training_operations(1280, 64, size, "LoRA", recomputed=True) > part
    with pytest.raises(PyftError, match="'BitFit'"):
        costs.training_operations(64, 64, size, "BitFit")


def test_lora_is_nearly_what_torch_counts(tiny_bert):
    model = efficient.lora(copy.deepcopy(tiny_bert(attn_implementation="eager")), 1).eval()
    assert costs.lora(4, 32, TINY).training / counted(model, 4, 32) == pytest.approx(1, abs=0.2)


def test_the_rule_of_thumb_has_tables_in_it_and_no_attention():
    assert costs.parameters() == own_parameters("full")
    short, long = (costs.six_n_d(costs.matrix_parameters(), T) / costs.training_operations(T, T) for T in (16, 4096))
    assert 0.9 < short <= 1
    assert long < 0.5
    assert costs.six_n_d(costs.parameters(), 16) > 1.9 * costs.training_operations(16, 16)


# --- bytes and hours --------------------------------------------------------------------------------------------------


def test_memory_is_sixteen_bytes_a_number_and_activations():
    N = costs.parameters(TINY)
    plain = costs.memory(4, 8, TINY)
    assert plain.whole - plain.activations == 16 * N
    half = costs.memory(4, 8, TINY, half=True)
    assert half.whole - half.activations == 18 * N
    assert half.activations == plain.activations // 2
    lora, learns = costs.memory(4, 8, TINY, "LoRA"), own_parameters("LoRA", TINY)
    assert lora.whole - lora.activations == 4 * N + 16 * learns


def test_recomputed_layers_keep_their_inputs_and_one_layer():
    deep = replace(TINY, L=12)
    plain, again = costs.memory(4, 8, deep), costs.memory(4, 8, deep, recomputed=True)
    assert again.activations < plain.activations / 2
    assert again.activations > 4 * 4 * 8 * deep.d * deep.L
    assert again[:3] == plain[:3]


def test_hours():
    assert costs.hours(7.2e15, 1e13, 0.2) == pytest.approx(1)
    few, most = costs.hours_range(1e18, costs.T4)
    assert 0 < few < most


@pytest.mark.parametrize(
    ("hours", "shown"), [(1250, "1,250.0 h"), (1, "1.0 h"), (0.5, "30.0 min"), (1 / 60, "1.0 min"), (0.0004, "1.4 s")]
)
def test_a_time_is_shown_in_the_largest_unit_of_which_there_is_one(hours, shown):
    assert costs.clock(hours) == shown


# --- stored runs ------------------------------------------------------------------------------------------------------


@pytest.fixture
def texts(monkeypatch):
    """Sixty texts of three to twelve tokens in place of the film reviews."""
    monkeypatch.setattr(runs, "lengths", lambda corpus="": [3 + i % 10 for i in range(60)])


def test_batches_hold_each_text_once_an_epoch(texts):
    made = runs.batches(20, runs.Recipe(epochs=2, batch_size=8, lr=0.0), seed=1)
    assert [len(batch) for batch in made].count(4) == 2
    assert sum(map(len, made)) == 40
    assert made != runs.batches(20, runs.Recipe(epochs=2, batch_size=8, lr=0.0), seed=2)
    assert runs.shapes([[3, 5], [4]]) == [(2, 5), (1, 4)]


def test_what_is_known_of_a_run():
    known = Known([[3, 5], [4]])
    assert known.texts() == 3
    assert known.rule_of_thumb() == 6 * costs.parameters() * 12
    assert known.operations() == costs.of_batches([(2, 5), (1, 4)])
    filled = replace(known, filled=True)
    assert filled.operations() == costs.of_batches([(2, runs.MAX_LENGTH), (1, runs.MAX_LENGTH)])
    assert replace(known, frozen=6).operations() < known.operations() / 2


def made_up(monkeypatch, texts, rate=1e9):
    """Kinds whose seconds are exactly what the formula says, and the steps by which all rules are set."""
    monkeypatch.setattr(runs, "profiled", lambda: Known([[8] * 4]))
    known = [Known([[8] * 4] * n, frozen=frozen) for n in (1, 5, 20) for frozen in (0, 4, 6)]
    kinds = [Kind(f"kind {i}", (k, k), (k.operations() / rate / 2,) * 2, 2) for i, k in enumerate(known)]
    seconds = Known([[8] * 4]).operations() / rate
    provenance = {"hardware": {"threads": 1}}
    return kinds, {"runs": [{"part": "step", "seconds": seconds, "provenance": provenance}]}


def test_a_rule_that_is_right_is_told_to_be(monkeypatch, texts):
    kinds, finetuned = made_up(monkeypatch, texts)
    found = runs.factors(kinds, finetuned)
    assert found[FORMULA] == pytest.approx([1.0] * 9)
    assert runs.off(found[FORMULA]) == pytest.approx(1)
    assert runs.off(found[TEXTS]) == pytest.approx(runs.off(found[THUMB]))
    assert runs.off(found[THUMB]) > 1.2
    told = runs.told(found, kinds)
    assert (told["kinds"], told["off"], told["worst"]) == ("9", "1.00", "1.00")
    assert told["verdict"].count("better") == 2
    assert any(f"seconds a text at 'kind {i}', by" in told["apart"] for i in (2, 5, 8))
    assert runs.off([2.0, 0.5]) == pytest.approx(2)


def test_equal_rules_are_not_told_apart():
    found = {name: [1.2, 0.9, 1.1] for name in RULES}
    assert [v.word for v in runs.verdicts(found).values()] == ["no difference shown"] * 2


def test_table_and_figure(monkeypatch, texts):
    kinds, finetuned = made_up(monkeypatch, texts)
    text = runs.table(runs.factors(kinds, finetuned)).data
    assert text.count("<tr>") == 1 + len(RULES)
    figure = runs.figure(kinds, finetuned)
    assert [x.get_text() for x in figure.axes[0].get_legend().get_texts()] == list(RULES)
    plt.close(figure)
