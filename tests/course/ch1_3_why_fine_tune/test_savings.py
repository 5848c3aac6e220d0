"""What pretraining saves: labels, memory, tasks until it pays, energy where a meter can be read."""

import math

import pytest

from pyft.course.ch1_3_why_fine_tune.exercises import break_even, training_mib
from pyft.course.ch1_3_why_fine_tune.savings import counter, joules, labels_for

CURVE = {100: (0.6, 0.5, 0.65), 400: (0.7, 0.6, 0.8), 1600: (0.8, 0.7, 0.9)}


def test_labels_are_read_from_the_mean_and_from_both_ends_of_the_interval():
    by_mean, least, most = labels_for(CURVE, 0.7)
    assert (by_mean, most) == pytest.approx((400.0, 1600.0))
    assert least == pytest.approx(100 * 4 ** (1 / 3))  # a third of the way, on a logarithmic axis
    assert labels_for(dict(reversed(CURVE.items())), 0.7) == (by_mean, least, most)


def test_what_no_point_reaches_takes_no_number_of_labels():
    assert labels_for(CURVE, 0.85) == (math.inf, pytest.approx(400 * 4**0.5), math.inf)
    assert labels_for(CURVE, 0.4) == (100.0, 100.0, 100.0)


def test_training_holds_a_gradient_and_two_moments_of_what_is_trained():
    assert training_mib(2**20, 2**20) == 16.0
    assert training_mib(2**20, 0) == 4.0
    assert training_mib(2**20, 2**18) == 7.0


def test_training_memory_is_what_adamw_holds():
    import torch

    model = torch.nn.Sequential(torch.nn.Linear(30, 20), torch.nn.Linear(20, 2))
    model[0].requires_grad_(False)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained)
    model(torch.ones(3, 30)).sum().backward()
    optimizer.step()
    held = [*model.parameters(), *(p.grad for p in trained)]
    held += [x for p in trained for name, x in optimizer.state[p].items() if name != "step"]
    counted = training_mib(sum(p.numel() for p in model.parameters()), sum(p.numel() for p in trained))
    assert sum(x.numel() * x.element_size() for x in held) / 2**20 == pytest.approx(counted)


def test_pretraining_pays_for_itself_where_a_task_saves_something():
    k = break_even(1000.0, 21.0, 1.0)
    assert k == 50.0 and 1000 + k * 1 == k * 21
    assert break_even(10.0, 3.0, 3.0) == break_even(10.0, 3.0, 5.0) == math.inf


def meter(tmp_path, readings, name="intel-rapl:0"):
    folder = tmp_path / name
    folder.mkdir()
    (folder / "energy_uj").write_text(f"{readings[0]}\n")
    (folder / "max_energy_range_uj").write_text("1000000\n")
    return lambda: (folder / "energy_uj").write_text(f"{readings[1]}\n")


def test_energy_is_what_the_meter_went_on_by(tmp_path):
    assert joules(meter(tmp_path, (100_000, 350_000)), tmp_path) == 0.25


def test_a_meter_that_began_anew_is_read_on(tmp_path):
    assert joules(meter(tmp_path, (900_000, 150_000)), tmp_path) == 0.25


def test_without_a_meter_nothing_runs_and_nothing_is_said(tmp_path):
    def work():
        raise AssertionError("ran")

    assert counter(tmp_path) is None and joules(work, tmp_path) is None
    meter(tmp_path, ("locked", 0))
    assert joules(work, tmp_path) is None
    meter(tmp_path, (5, 6), "intel-rapl:1")
    assert counter(tmp_path).name == "intel-rapl:1"
