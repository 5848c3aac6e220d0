"""The mathematics as one object: a broken copy is broken where it should be, and nothing else is."""

import inspect
import sys

import pytest
import torch

from pyft.errors import PyftError
from pyft.maths import attention, encoder, losses
from pyft.mutation import NAMES, maths, mutate

CAUSAL = ("attention", ".tril()", ".tril(1)")


@pytest.fixture(autouse=True)
def nothing_else_changes():
    """The real modules, their contents and Python's table of modules are afterwards what they were."""
    table = {name: module for name, module in sys.modules.items() if name.startswith("pyft")}
    contents = {name: dict(vars(getattr(maths(), name))) for name in NAMES}
    yield
    assert {name: module for name, module in sys.modules.items() if name.startswith("pyft")} == table
    for name in NAMES:
        assert vars(getattr(maths(), name)) == contents[name]
        assert sys.modules[f"pyft.maths.{name}"] is getattr(maths(), name)


def test_the_modules_are_those_that_everybody_imports():
    assert maths()._fields == NAMES
    assert maths().attention is attention and maths().encoder is encoder and maths().losses is losses


def test_one_line_is_replaced_in_the_module_that_is_named_and_in_no_other():
    broken = mutate(*CAUSAL)
    assert broken.attention.causal(2).all() and not attention.causal(2).all()
    z = torch.randn(3, 4)
    for name in NAMES:
        copy, real = getattr(broken, name), getattr(maths(), name)
        assert copy is not real and copy.__name__ == f"pyft.maths.{name}"
        assert {n for n in vars(real) if not n.startswith("__")} == {n for n in vars(copy) if not n.startswith("__")}
    assert torch.equal(broken.losses.log_softmax(z), losses.log_softmax(z))


def test_a_module_that_imports_the_broken_one_gets_it():
    broken = mutate("attention", "(q / math.sqrt(d_k))", "(0 * q)")
    assert broken.encoder.MultiHeadAttention is broken.attention.MultiHeadAttention
    nets = []
    for m in (broken, maths()):
        torch.manual_seed(0)
        nets.append(m.encoder.BertEncoder(9, 8, 2, 8, 1).eval())
    ids = torch.tensor([[1, 2, 3]])
    assert not torch.equal(nets[0](ids), nets[1](ids))


def test_a_module_that_is_imported_by_the_broken_one_is_whole():
    broken = mutate("encoder", "rank = order.argsort(-1)", "rank = order")
    assert torch.equal(broken.attention.causal(3), attention.causal(3))
    order = torch.tensor([[2, 0, 1]])
    assert not torch.equal(broken.encoder.permutation_mask(order), encoder.permutation_mask(order))


def test_errors_are_the_real_ones_so_that_they_can_be_caught():
    broken = mutate(*CAUSAL)
    assert broken.attention.PyftError is PyftError
    with pytest.raises(PyftError, match="a mask is boolean"):
        broken.attention.masked_softmax(torch.zeros(2, 2), torch.zeros(2, 2))


def test_two_mutants_do_not_add_up():
    mutate(*CAUSAL)
    again = mutate("attention", "d_model % num_heads", "False")
    assert not again.attention.causal(2).all()


@pytest.mark.parametrize(
    "new,error",
    [("return (", SyntaxError), ("import no_such_module", ModuleNotFoundError), ("1 / 0", ZeroDivisionError)],
)
def test_a_source_that_does_not_run_raises_and_leaves_everything_as_it_was(new, error):
    with pytest.raises(error):
        mutate("encoder", "from torch import Tensor, nn", new)


@pytest.mark.parametrize("old", ["no such line", "return"])
def test_a_text_that_does_not_stand_there_exactly_once_is_refused_with_how_often_it_does(old):
    times = inspect.getsource(attention).count(old)
    with pytest.raises(PyftError, match=rf"pyft/maths/attention\.py holds '{old}' {times} times, expected once"):
        mutate("attention", old, "")


def test_a_text_of_another_module_does_not_count():
    with pytest.raises(PyftError, match=r"pyft/maths/encoder\.py holds '\.tril\(\)' 0 times"):
        mutate("encoder", ".tril()", "")


def test_a_module_that_does_not_exist_is_refused_and_not_left_unbroken():
    with pytest.raises(PyftError, match=r"unknown module 'optimizer'\. Did you mean 'optim'\? Known: attention, "):
        mutate("optimizer", ".tril()", "")
