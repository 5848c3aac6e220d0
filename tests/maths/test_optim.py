"""The optimisers as parts of torch: groups, closures, schedules, state, and what is refused."""

import copy
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pyft.errors import PyftError
from pyft.maths import optim

ALL = [optim.SGD, optim.Adam, optim.AdamW, optim.MisprintedAdamW]
seeds = st.integers(0, 10_000)
patient = settings(deadline=None)  # the first step of all imports half of torch


def parameter(values=(1.0, -2.0), grad=(0.5, 0.1)):
    theta = torch.nn.Parameter(torch.tensor(values, dtype=torch.float64))
    theta.grad = None if grad is None else torch.tensor(grad, dtype=torch.float64)
    return theta


@pytest.mark.parametrize("make", ALL)
def test_a_closure_is_called_with_gradients_and_its_loss_returned(make):
    theta = parameter(grad=None)
    optimiser = make([theta], lr=0.1)

    def closure():
        optimiser.zero_grad()
        loss = theta.square().sum()
        loss.backward()
        return loss

    before = theta.detach().clone()
    assert optimiser.step(closure) == 5
    assert (theta.abs() < before.abs()).all()
    assert optimiser.step() is None


@pytest.mark.parametrize("make", ALL)
def test_a_parameter_without_gradient_is_left_alone_and_keeps_no_state(make):
    theta, frozen = parameter(), parameter(grad=None)
    optimiser = make([theta, frozen], lr=0.1)
    optimiser.step()
    assert frozen.tolist() == [1.0, -2.0]
    assert frozen not in optimiser.state
    assert theta.tolist() != [1.0, -2.0]


@pytest.mark.parametrize("make", ALL)
def test_the_gradient_is_not_changed(make):
    theta = parameter()
    optimiser = make([theta], lr=0.1, weight_decay=0.5, **({"momentum": 0.9} if make is optim.SGD else {}))
    for _ in range(3):
        optimiser.step()
    assert theta.grad.tolist() == [0.5, 0.1]


@pytest.mark.parametrize("make", ALL)
def test_groups_have_settings_of_their_own(make):
    moved, still, late = parameter(), parameter(), parameter()
    optimiser = make([{"params": [moved]}, {"params": [still], "lr": 0.0}], lr=0.1)
    optimiser.add_param_group({"params": [late], "lr": 0.0})
    optimiser.step()
    assert still.tolist() == late.tolist() == [1.0, -2.0] != moved.tolist()


@pytest.mark.parametrize("make", ALL)
def test_a_schedule_of_torch_drives_the_rate(make):
    theta = parameter()
    optimiser = make([theta], lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.0 if step == 0 else 0.5)
    optimiser.step()
    assert theta.tolist() == [1.0, -2.0]
    schedule.step()
    assert optimiser.param_groups[0]["lr"] == 0.05
    optimiser.step()
    assert theta.tolist() != [1.0, -2.0]


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("travel", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])  # noqa: S301 - our own
def test_a_copied_or_loaded_optimiser_goes_on_and_takes_new_groups(make, travel):
    theta = parameter()
    optimiser = make([theta], lr=0.1, weight_decay=0.1)
    optimiser.step()
    twin = travel(optimiser)
    other = twin.param_groups[0]["params"][0]
    other.grad = theta.grad.clone()
    loaded = make([other], lr=0.7)
    loaded.load_state_dict(twin.state_dict())
    loaded.add_param_group({"params": [parameter()]})
    optimiser.step()
    loaded.step()
    assert torch.equal(theta, other)
    assert theta.grad is not None


@patient
@given(seeds, st.floats(1e-3, 1e3))
def test_the_first_step_of_adam_is_as_long_as_the_rate_at_any_scale(seed, scale):
    g = scale * torch.randn(5, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    theta = parameter([0.0] * 5, g.tolist())
    optim.Adam([theta], lr=0.1, eps=0.0).step()
    torch.testing.assert_close(theta.detach(), -0.1 * g.sign())


@patient
@given(seeds)
def test_what_has_no_gradient_decays_at_the_stated_rate_in_adamw_and_not_at_all_in_adam(seed):
    start = torch.randn(4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    decayed, kept = (parameter(start.tolist(), [0.0] * 4) for _ in range(2))
    optim.AdamW([decayed], lr=0.1, weight_decay=0.5).step()
    optim.Adam([kept], lr=0.1).step()
    torch.testing.assert_close(decayed.detach(), 0.95 * start)
    assert torch.equal(kept, start)


@patient
@given(seeds)
def test_coordinates_do_not_see_each_other(seed):
    generator = torch.Generator().manual_seed(seed)
    start, g = (torch.randn(6, generator=generator, dtype=torch.float64) for _ in range(2))
    order = torch.randperm(6, generator=generator)
    for make in ALL:
        a, b = parameter(start.tolist(), g.tolist()), parameter(start[order].tolist(), g[order].tolist())
        for theta in (a, b):
            optimiser = make([theta], lr=0.1, weight_decay=0.1)
            for _ in range(3):
                optimiser.step()
        assert torch.equal(a[order], b)


def test_momentum_adds_up_to_the_plain_step_over_one_minus_momentum():
    theta = parameter([0.0], [1.0])
    optimiser = optim.SGD([theta], lr=1.0, momentum=0.5)
    for _ in range(60):
        before = theta.item()
        optimiser.step()
    assert before - theta.item() == pytest.approx(2)


def test_the_defaults_are_those_of_torch():
    for ours, theirs in [
        (optim.SGD, torch.optim.SGD),
        (optim.Adam, torch.optim.Adam),
        (optim.AdamW, torch.optim.AdamW),
    ]:
        ours, theirs = ours([parameter()]).defaults, theirs([parameter()]).defaults
        assert {name: theirs[name] for name in ours if name != "bias_correction"} == {
            name: value for name, value in ours.items() if name != "bias_correction"
        }


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(
    "options,said",
    [
        ({"lr": -0.1}, "lr is -0.1, expected a number, 0 or more"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"lr": float("inf")}, "lr is inf"),
        ({"lr": 0.1, "weight_decay": -1}, "weight_decay is -1"),
    ],
)
def test_settings_out_of_range_are_refused(make, options, said):
    with pytest.raises(PyftError, match=said):
        make([parameter()], **options)
    with pytest.raises(PyftError, match=said):
        make([{"params": [parameter()], **options}])


@pytest.mark.parametrize(
    "make,options,said",
    [
        (optim.SGD, {"momentum": -0.1}, "momentum is -0.1"),
        (optim.Adam, {"eps": -1e-8}, "eps is -1e-08"),
        (
            optim.Adam,
            {"betas": (1.0, 0.999)},
            r"betas are \(1.0, 0.999\), expected two numbers, each from 0 to below 1",
        ),
        (optim.AdamW, {"betas": (0.9, -0.1)}, "betas are"),
    ],
)
def test_settings_of_one_optimiser_are_refused_too(make, options, said):
    with pytest.raises(PyftError, match=said):
        make([parameter()], lr=0.1, **options)


@pytest.mark.parametrize("make", ALL)
def test_a_sparse_gradient_is_refused_with_what_to_do(make):
    embedding = torch.nn.Embedding(4, 2, sparse=True)
    embedding(torch.tensor([1])).sum().backward()
    with pytest.raises(PyftError, match=r"shape \(4, 2\) is sparse or complex, .* sparse=False"):
        make(embedding.parameters(), lr=0.1).step()


def test_what_has_no_update_says_so():
    with pytest.raises(NotImplementedError):
        optim.Optimiser([parameter()], {}).step()
