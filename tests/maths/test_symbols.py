"""Symbols: what fits is measured, each kind of misfit is named, and the tables read as tables."""

import re

import pytest
import torch

from pyft.errors import PyftError
from pyft.maths.symbols import SYMBOLS, ShapeError, check, markdown


def of(*shape):
    return torch.empty(shape)


@pytest.mark.parametrize(
    "topic,tensors,sizes",
    [
        ("attention", {"q": of(5, 2)}, {"T_q": 5, "d_k": 2}),
        (
            "attention",
            {"q": of(7, 8, 5, 2), "k": of(7, 8, 6, 2), "v": of(7, 8, 6, 3)},
            {"T_q": 5, "T_k": 6, "d_k": 2, "d_v": 3},
        ),
        ("attention", {"q": of(7, 5, 2), "mask": of(5, 6)}, {"T_q": 5, "T_k": 6, "d_k": 2}),
        ("attention", {"q": of(7, 5, 2), "mask": of(9, 1, 5, 6)}, {"T_q": 5, "T_k": 6, "d_k": 2}),
        ("encoder", {"ids": of(2, 3), "mask": of(2, 3), "x": of(2, 3, 4)}, {"B": 2, "T": 3, "d": 4}),
        ("multi-head attention", {"W_Q": of(4, 4)}, {"d": 4}),
        ("feed-forward", {"x": of(2, 3, 4), "mu": of(2, 3, 1), "gamma": of(4)}, {"d": 4}),
        ("two streams", {"visible": of(2, 3, 3), "targets": of(2, 0)}, {"B": 2, "T": 3, "M": 0}),
        ("optimiser", {"theta": of(3, 4), "g": of(3, 4)}, {}),
        ("optimiser", {"theta": of()}, {}),
        ("encoder", {}, {}),
    ],
)
def test_the_size_of_each_letter_is_found(topic, tensors, sizes):
    assert check(topic, **tensors) == sizes


@pytest.mark.parametrize(
    "topic,tensors,said",
    [
        ("encoder", {"ids": of(3)}, "ids has shape (3,), expected (B, T) with no size known yet"),
        ("encoder", {"ids": of(2, 3, 1)}, "ids has shape (2, 3, 1), expected (B, T) with no size known yet"),
        ("encoder", {"ids": of(2, 3), "mask": of(2, 4)}, "mask has shape (2, 4), expected (B, T) with B = 2, T = 3"),
        ("encoder", {"ids": of(2, 3), "mask": of(3, 2)}, "mask has shape (3, 2), expected (B, T) with B = 2, T = 3"),
        ("attention", {"q": of(4)}, "q has shape (4,), expected (..., T_q, d_k) with no size known yet"),
        (
            "attention",
            {"q": of(5, 2), "k": of(6, 3)},
            "k has shape (6, 3), expected (..., T_k, d_k) with T_q = 5, d_k = 2",
        ),
        (
            "attention",
            {"q": of(7, 5, 2), "k": of(1, 6, 2)},
            "k has shape (1, 6, 2), expected (..., T_k, d_k) with T_q = 5, d_k = 2",
        ),
        (
            "attention",
            {"q": of(7, 5, 2), "k": of(6, 2)},
            "k has shape (6, 2), expected (..., T_k, d_k) with T_q = 5, d_k = 2",
        ),
        (
            "attention",
            {"q": of(5, 2), "mask": of(6, 5)},
            "mask has shape (6, 5), expected (*, T_q, T_k) with T_q = 5, d_k = 2",
        ),
        ("multi-head attention", {"W_Q": of(4, 5)}, "W_Q has shape (4, 5), expected (d, d) with no size known yet"),
        (
            "two streams",
            {"visible": of(2, 3, 4)},
            "visible has shape (2, 3, 4), expected (B, T, T) with no size known yet",
        ),
        ("feed-forward", {"mu": of(2, 3)}, "mu has shape (2, 3), expected (..., 1) with no size known yet"),
        ("optimiser", {"theta": of(3, 4), "g": of(4, 3)}, "g has shape (4, 3), expected (...) with no size known yet"),
    ],
)
def test_a_misfit_is_named_with_its_shape_the_expected_one_and_what_is_known(topic, tensors, said):
    with pytest.raises(ShapeError, match=f"^{re.escape(said)}$"):
        check(topic, **tensors)


def test_a_misfit_is_an_error_that_a_reader_can_correct():
    assert issubclass(ShapeError, PyftError)


@pytest.mark.parametrize("ask", [check, markdown])
def test_an_unknown_topic_is_answered_with_the_nearest(ask):
    with pytest.raises(PyftError, match=r"unknown table of symbols 'atention'. Did you mean 'attention'\? Known: att"):
        ask("atention")


@pytest.mark.parametrize("topic", SYMBOLS)
def test_the_table_has_a_row_a_symbol_and_every_row_four_columns(topic):
    head, rule, *rows = markdown(topic).splitlines()
    assert head == "| symbol | in code | shape | meaning |" and rule == "|---|---|---|---|"
    assert len(rows) == len(SYMBOLS[topic])
    for row, symbol in zip(rows, SYMBOLS[topic], strict=True):
        assert row.startswith(f"| ${symbol.latex}$ | `") and row.endswith(f" | {symbol.meaning} |")
        assert row.count("|") == 5 and row.count("$") % 2 == 0


def test_a_row_reads_as_it_should():
    rows = markdown("feed-forward").splitlines()
    assert rows[2] == r"| $x$ | `x` | $(\dots, d)$ | input, one vector a token |"
    assert rows[3] == r"| $W_1$ | `W_1` | $(d_\text{ff}, d)$ | first layer (torch keeps its transpose) |"
    rate, betas = markdown("optimiser").splitlines()[7:9]
    assert rate == r"| $\eta$ | `lr` | a number | learning rate |"
    assert betas.startswith(r"| $\beta_1, \beta_2$ | `beta_1`, `beta_2` | a number |")


@pytest.mark.parametrize("topic", SYMBOLS)
def test_a_letter_means_one_thing_in_a_table(topic):
    for part in ("latex", "code"):
        names = [getattr(symbol, part) for symbol in SYMBOLS[topic]]
        assert len(set(names)) == len(names)


def test_none_is_skipped_and_what_broadcasts_fits_with_a_size_of_one():
    q, k, v = torch.zeros(2, 5, 8), torch.zeros(2, 7, 8), torch.zeros(2, 7, 3)
    sizes = {"T_q": 5, "d_k": 8, "T_k": 7, "d_v": 3}
    for mask in (None, torch.ones(5, 7), torch.ones(1, 7), torch.ones(3, 1, 5, 1)):
        assert check("attention", q=q, k=k, v=v, mask=mask) == sizes
    for mask in (torch.ones(7), torch.ones(5, 6), torch.ones(4, 7)):
        with pytest.raises(ShapeError, match=r"mask has shape .* with T_q = 5, d_k = 8, T_k = 7"):
            check("attention", q=q, k=k, v=v, mask=mask)
    with pytest.raises(ShapeError, match="q has shape"):  # no letter is one because a tensor is
        check("attention", k=k, q=torch.zeros(2, 5, 1))
