"""What the short trainings read: reviews in order of length, windows of the commonest pieces."""

import pytest
import torch

from pyft.course.part4 import mutation_costs

pytestmark = pytest.mark.fetched


def test_the_real_reviews_are_cut_and_in_order_of_length():
    for split, n in {"train": mutation_costs.TRAIN, "validation": mutation_costs.HELD_OUT}.items():
        rows = mutation_costs.reviews(split)
        lengths = [len(row) for row in rows["ids"]]
        assert lengths == sorted(lengths) and max(lengths) == 32
        assert len(rows["label"]) == len(rows["rating"]) == n == len(lengths)
        assert set(rows["label"]) == {0, 1}


def test_the_real_windows_are_whole_and_in_the_commonest_pieces():
    train, held_out = mutation_costs.windows("train"), mutation_costs.windows("validation")
    assert held_out.shape == (mutation_costs.HELD_OUT, mutation_costs.T) and len(train) > 1000
    assert train.min() == 0 and train.max() == mutation_costs.V - 1 and held_out.max() < mutation_costs.V
    counts = torch.bincount(train.flatten(), minlength=mutation_costs.V)
    assert (counts[:-1] - counts[1:] > -60).all()  # numbered from the commonest; a cut window at the end aside
