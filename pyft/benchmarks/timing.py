"""Time two things in turns, so that a change of the machine's speed meets both."""

import os
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from pyft.evaluation.stats import median_interval

Work = Callable[[], Any]

# --- how it is measured -----------------------------------------------------------------------------------------------


def time_by_turns(rivals: Mapping[str, Work], repetitions: int, warm_up: int = 2) -> dict[str, list[float]]:
    """Seconds of each, `repetitions` rounds in which each has its turn, so that what slows one round slows them all.

    `warm_up` rounds come first and are not kept.
    """
    seconds: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(warm_up + repetitions):
        for name, work in rivals.items():
            seconds[name].append(float(f"{timeit.timeit(work, number=1):.4g}"))
    return {name: times[warm_up:] for name, times in seconds.items()}


def training_pass(module: nn.Module, forward: Callable[[], Tensor], *inputs: Tensor) -> Work:
    """A forward and a backward pass, to the gradients of the module's parameters and of `inputs`."""
    projection = torch.randn_like(forward())  # not ones: behind a LayerNorm their gradient is nothing but rounding

    def work() -> None:
        for x in [*module.parameters(), *inputs]:
            x.grad = None
        forward().backward(projection)

    return work


def saved_bytes(module: nn.Module, forward: Work) -> int:
    """Bytes that a forward pass keeps for the backward pass: each storage once, those of the parameters not at all."""
    parameters = {p.untyped_storage().data_ptr() for p in module.parameters()}
    storages = {}

    def pack(x: Tensor) -> Tensor:
        storages[x.untyped_storage().data_ptr()] = x.untyped_storage()  # held, so that no address is used twice
        return x

    with saved_tensors_hooks(pack, lambda x: x):
        forward()
    return sum(storage.nbytes() for address, storage in storages.items() if address not in parameters)


def peak_bytes(work: Callable[[], Any]) -> int:
    """The most memory that torch held on the CPU at once during `work`, beyond what it held before."""
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as watched:
        work()
    events = [e for e in watched.profiler.kineto_results.events() if e.name() == "[memory]"]
    held = peak = 0
    for event in sorted(events, key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop what the profiler's library writes to standard error past Python: when it begins and ends."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def count_flops(work: Work) -> int:
    """Operations of all matrix products, as PyTorch counts them."""
    with FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


# --- ratios -----------------------------------------------------------------------------------------------------------


def ratio(seconds: Mapping[str, list[float]], name: str) -> dict[str, float]:
    """Median of our seconds over those of `name`, round by round, with an interval that assumes no distribution."""
    paired = [ours / theirs for ours, theirs in zip(seconds["ours"], seconds[name], strict=True)]
    return dict(zip(("ratio", "low", "high"), (round(x, 4) for x in median_interval(paired)), strict=True))
