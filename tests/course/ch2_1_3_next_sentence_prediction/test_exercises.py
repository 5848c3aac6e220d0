"""The exercises of section 2.1.3: each solution is what a library or the package computes."""

import numpy as np
import pytest
import torch
from scipy import stats

from pyft.evaluation.verdicts import compare_influences
from pyft.exercises import every

EXERCISES = every("2.1.3")


def test_pairs_stand_in_order_where_the_label_says_so():
    sentences, swap = torch.arange(40), torch.rand(39, generator=torch.Generator().manual_seed(0)) < 0.5
    first, second, label = EXERCISES["2.1.3-a"].solution(sentences, swap)
    assert torch.equal(first < second, label)
    assert torch.equal((first - second).abs(), torch.ones(39).long())


@pytest.mark.parametrize("documents", [4, 30])
def test_the_standard_error_is_that_of_the_package_s_verdicts(documents):
    rng = np.random.default_rng(documents)
    document = np.repeat(range(documents), rng.integers(1, 9, documents))
    right = (rng.random(len(document)) < 0.7).astype(float)
    said = compare_influences(right.mean() - 0.5, (right - right.mean()) / len(right), document)
    ours = float(EXERCISES["2.1.3-b"].solution(torch.tensor(right), torch.tensor(document)))
    u = np.bincount(document, (right - right.mean()) / len(right))
    freedom = (u**2).sum() ** 2 / (u**4).sum()  # as `compare_influences` counts them
    assert said.high - said.difference == pytest.approx(ours * stats.t.ppf(0.975, freedom), rel=1e-6)
