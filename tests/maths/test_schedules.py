"""The schedules: how they begin, how they end, and what is refused."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pyft.errors import PyftError
from pyft.maths import schedules

ALL = [schedules.constant, schedules.linear, schedules.cosine, schedules.inverse_sqrt]
lengths = st.integers(1, 500)


@given(st.sampled_from(ALL), lengths, lengths)
def test_all_rise_straight_from_zero_to_one(schedule, total, warmup):
    assume(warmup < total)
    for step in range(warmup + 1):
        assert schedule(step, total, warmup) == pytest.approx(step / warmup)


@given(st.sampled_from(ALL), lengths, st.integers(0, 500))
def test_none_rises_again_before_the_end(schedule, total, warmup):
    assume(warmup < total)
    path = [schedule(step, total, warmup) for step in range(warmup, total + 1)]
    assert path == sorted(path, reverse=True)
    assert path[0] == 1
    assert path[-1] >= 0


@given(lengths, st.integers(0, 500))
def test_linear_and_cosine_end_at_zero_and_meet_half_way(total, warmup):
    assume(warmup < total)
    for schedule in (schedules.linear, schedules.cosine):
        assert schedule(total, total, warmup) == pytest.approx(0, abs=1e-12)
        if (total - warmup) % 2 == 0:
            assert schedule((total + warmup) // 2, total, warmup) == pytest.approx(0.5)


def test_four_times_the_steps_halve_the_inverse_root():
    assert schedules.inverse_sqrt(400, 1000, 100) == pytest.approx(0.5)
    assert schedules.inverse_sqrt(30_000, 100_000, 0) == pytest.approx(math.sqrt(1 / 4))


@pytest.mark.parametrize("schedule", ALL)
@pytest.mark.parametrize("step,total,warmup", [(-1, 10, 2), (0, 10, 11), (0, 10, -1), (0, 10, 0.1), (0.5, 10, 2)])
def test_what_is_no_number_of_steps_is_refused(schedule, step, total, warmup):
    with pytest.raises(PyftError, match=r"expected whole numbers of steps, .* round\(share \* total\)"):
        schedule(step, total, warmup)
