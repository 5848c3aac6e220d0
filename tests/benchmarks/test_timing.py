"""The most memory that is held at once."""

import torch

from pyft.benchmarks.timing import peak_bytes


def test_the_peak_of_nothing_is_nothing_and_what_is_let_go_counts_once():
    assert peak_bytes(lambda: None) == 0
    assert peak_bytes(lambda: torch.ones(1000)) == 4000

    def one_after_another():
        for _ in range(3):
            torch.ones(1000)

    assert peak_bytes(one_after_another) == 4000
