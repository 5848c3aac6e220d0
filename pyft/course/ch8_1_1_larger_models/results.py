"""The stored runs of `pyft bench scale`, as the page shows them."""

from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from scipy import stats as distributions

from pyft import plots
from pyft.benchmarks.experiment import Found
from pyft.benchmarks.kept import complete
from pyft.course.ch8_1_1_larger_models import recipes
from pyft.course.ch8_1_1_larger_models.counts import parameters
from pyft.course.ch8_1_1_larger_models.experiment import FORECASTS, Floats, plan
from pyft.course.ch8_1_1_larger_models.laws import Law, fit, share_for_size, straight_line
from pyft.course.ch8_1_1_larger_models.recipes import DRAWS, SIGNS, WIDTHS
from pyft.evaluation.stats import holm, verdict

SAID = {"better": "too high", "worse": "too low", "no difference shown": "no error shown"}  # the forecast, not measured
STOPPED = 4  # looks at the law, after which a fit is stopped to show what that does


def stored() -> Found:
    """All runs of the plan.

    Raises:
        PyftError: one is missing.
    """
    return complete("scale", plan, itemgetter("d", "signs", "seed", "lr"))


def cube(found: Found) -> Floats:
    """Nats a sign by width, amount of text, seed and block of the test text: (9, 4, S, BLOCKS)."""
    of = {(r["d"], r["signs"], r["seed"]): r["nats"] for r in found["runs"] if not r["trial"]}
    return np.array([[[of[d, D, s] for s in range(recipes.SEEDS)] for D in SIGNS] for d in WIDTHS])


def redrawn(losses: Floats, draws: int = DRAWS, seed: int = 0) -> Floats:
    """Mean losses of so many draws, (draws, 9, 4): seeds anew in each cell, and the same blocks for all cells."""
    rng = np.random.default_rng(seed)
    W, D, S, B = losses.shape
    made = []
    for _ in range(draws):
        some = np.take_along_axis(losses, rng.integers(S, size=(W, D, S, 1)), 2)
        made.append(some[..., rng.integers(B, size=B)].mean((2, 3)))
    return np.array(made)


def sizes(counted: str = "layers") -> Floats:
    """The parameters of each width: of the `layers` alone, or in `total`."""
    return np.array([float(getattr(parameters(d), counted)) for d in WIDTHS])


def grid() -> Floats:
    """Parameters of the layers and signs of every cell, width by width: (36, 2)."""
    return np.column_stack([np.repeat(sizes(), len(SIGNS)), np.tile(np.array(SIGNS, dtype=float), len(WIDTHS))])


def interval(values: Floats) -> tuple[float, float]:
    """The middle 95 % of the draws."""
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


# --- forecasts --------------------------------------------------------------------------------------------------------


def forecast(losses: Floats, kind: str, left_out: str, start: Law | None = None) -> tuple[float, Law | None]:
    """What the runs that are not left out, (9, 4) mean losses, say of the largest model with the most text."""
    N = sizes()
    if kind == "size and text":
        keep = np.ones(losses.shape, dtype=bool)
        keep[(-1, slice(None)) if "size" in left_out else (slice(None), -1)] = False
        law = fit(grid()[keep.ravel()], losses[keep], start)
        return float(law.loss(grid()[-1:])[0]), law
    n = len(N) - (2 if "two" in left_out else 1)
    x, y = N[:n], losses[:n, -1]
    if kind == "a straight line":
        A, alpha = straight_line(x, y)
        return float(A * N[-1] ** -alpha), None
    law = fit(x[:, None], y, start)
    return float(law.loss(N[-1:, None])[0]), law


class Measured:
    """What all fits say, and how far that moves from draw to draw."""

    def __init__(self, losses: Floats) -> None:
        mean, draws = losses.mean((2, 3)), redrawn(losses)
        self.mean = mean
        self.surface = fit(grid(), mean.ravel())
        self.floor = fit(sizes()[:, None], mean[:, -1])
        self.surfaces = [fit(grid(), x.ravel(), self.surface) for x in draws]
        self.floors = [fit(sizes()[:, None], x[:, -1], self.floor) for x in draws]
        rough = Law(np.ones(2), np.full(2, 0.3), 1.0)
        self.stopped = [fit(grid(), x.ravel(), rough, STOPPED) for x in draws]
        self.lines = {
            counted: np.array([straight_line(sizes(counted), x[:, -1])[1] for x in draws])
            for counted in ("layers", "total")
        }
        self.forecasts: dict[tuple[str, str], float] = {}
        self.errors: dict[tuple[str, str], Floats] = {}  # forecast less measured, of each draw
        for key in FORECASTS:
            self.forecasts[key], law = forecast(mean, *key)
            self.errors[key] = np.array([forecast(x, *key, law)[0] - x[-1, -1] for x in draws])

    def off(self, key: tuple[str, str]) -> tuple[float, float, float, float]:
        """A forecast less what was measured, its 95 % interval, and p: `(value, low, high, p)`.

        The draws give the standard error; Student's t has one degree of freedom less than there are seeds, and draws
        of S seeds vary less than new seeds would, by (S - 1) / S (Efron & Tibshirani 1993, section 5.3).
        """
        S = recipes.SEEDS
        value, error = self.forecasts[key] - self.mean[-1, -1], self.errors[key].std(ddof=1) * np.sqrt(S / (S - 1))
        half = distributions.t.ppf(0.975, S - 1) * error
        return value, value - half, value + half, float(2 * distributions.t.sf(abs(value) / error, S - 1))

    def words(self) -> dict[tuple[str, str], str]:
        """Whether each forecast is too low or too high, corrected for how many they are."""
        found = {key: self.off(key) for key in FORECASTS}
        corrected = holm([p for *_, p in found.values()])
        return {key: SAID[verdict(found[key][0], q < 0.05)] for key, q in zip(FORECASTS, corrected, strict=True)}


@lru_cache(maxsize=4)
def _measured(content: bytes, shape: tuple[int, ...]) -> Measured:
    return Measured(np.frombuffer(content).reshape(shape))


def measured(found: Found) -> Measured:
    """All fits to the stored runs, made once."""
    losses = cube(found)
    return _measured(losses.tobytes(), losses.shape)


# --- in words ---------------------------------------------------------------------------------------------------------


def told(found: Found) -> Mapping[str, str]:
    """What the fits say, in sentences: `law`, `counting`, `forecasts`, `split`, `stopped`."""
    m = measured(found)
    s = m.surface
    of = {
        "alpha": (s.alpha[0], [x.alpha[0] for x in m.surfaces]),
        "beta": (s.alpha[1], [x.alpha[1] for x in m.surfaces]),
        "E": (s.E, [x.E for x in m.surfaces]),
        "split": (share_for_size(s), [share_for_size(x) for x in m.surfaces]),
        "stopped": (np.nan, [share_for_size(x) for x in m.stopped]),
        "floor": (m.floor.alpha[0], [x.alpha[0] for x in m.floors]),
    }
    said = {name: "{:.2f} to {:.2f}".format(*interval(np.array(some))) for name, (_, some) in of.items()}
    without, with_ = (straight_line(sizes(c), m.mean[:, -1])[1] for c in ("layers", "total"))
    low, high = interval(m.lines["total"] - m.lines["layers"])
    words = m.words()
    wrong = [key for key in FORECASTS if words[key] != "no error shown"]
    width, narrow = (float(np.ptp(interval(np.array(of[name][1])))) for name in ("split", "stopped"))
    return {
        "law": f"With size and text together the fit has alpha = {of['alpha'][0]:.2f} ({said['alpha']}), beta = "
        f"{of['beta'][0]:.2f} ({said['beta']}) and {_floor(m, said['E'])}. With the most text, and size alone, alpha "
        f"is {of['floor'][0]:.2f} ({said['floor']}). In brackets stands the middle 95 % of {DRAWS} draws.",
        "counting": f"The straight line has the exponent {without:.3f} if the layers alone are counted, and "
        f"{with_:.3f} with the tables: {with_ - without:+.4f} ({low:+.4f} to {high:+.4f}), on the same losses.",
        "forecasts": f"Of {len(FORECASTS)} forecasts, corrected together, {len(wrong) or 'none'} "
        f"{'is' if len(wrong) < 2 else 'are'} shown to be wrong"
        f"{'.' if len(wrong) == len(FORECASTS) else '; in the others no error is shown.'}",
        "split": f"For these runs a is {of['split'][0]:.2f} ({said['split']}), if the law is right.",
        "stopped": f"The interval of a is {width:.3f} wide if each fit runs to its end, and {narrow:.3f} if each is "
        f"stopped after {STOPPED} looks at the law.",
    }


def _floor(m: Measured, interval: str) -> str:
    """The floor of the fit to size and text; that there is none, if it came out at its bound."""
    if not m.surface.floorless:
        return f"a floor of {m.surface.E:.2f} nats ({interval})"
    times = sum(x.floorless for x in m.surfaces)
    return f"no floor: it came out at its bound of zero, and did so again in {times} of {len(m.surfaces)} draws"


# --- tables and figures -----------------------------------------------------------------------------------------------


def losses_figure(found: Found) -> Any:
    """Loss over the parameters of the layers, a line of points for each amount of text, and the fit to all of them."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 4.0))
    axes.set(xlabel="parameters of the layers", ylabel="loss (nats a sign)", xscale="log")
    m = measured(found)
    x = np.geomspace(sizes()[0], sizes()[-1], 50)
    for j, signs in enumerate(SIGNS):
        colour = plots.PALETTE[j]
        per_seed = cube(found)[:, j].mean(-1)  # (9, S)
        axes.plot(np.repeat(sizes(), per_seed.shape[1]), per_seed.ravel(), ".", color=colour, alpha=0.35)
        axes.plot(sizes(), m.mean[:, j], "osD^"[j], color=colour, label=f"{signs:,} signs")
        axes.plot(x, m.surface.loss(np.column_stack([x, np.full(len(x), float(signs))])), color=colour, linewidth=1)
    axes.legend()
    return fig


def forecast_figure(found: Found) -> Any:
    """The losses with the most text, and what a line and a law with a floor make of all but the two largest sizes."""
    plots.style()
    fig, axes = plt.subplots(figsize=(5.8, 3.8))
    axes.set(xlabel="parameters of the layers", ylabel="loss (nats a sign)", xscale="log", yscale="log")
    m = measured(found)
    N, y = sizes(), m.mean[:, -1]
    x = np.geomspace(N[0], 4 * N[-1], 60)
    A, alpha = straight_line(N[:-2], y[:-2])
    law = fit(N[:-2, None], y[:-2])
    axes.plot(x, law.loss(x[:, None]), color=plots.PALETTE[0], label="with a floor")
    axes.plot(x, A * x**-alpha, "--", color=plots.PALETTE[1], label="straight line")
    axes.plot(N[:-2], y[:-2], "o", color=plots.PALETTE[6], label="fitted")
    axes.plot(N[-2:], y[-2:], "D", color=plots.PALETTE[2], label="held out")
    axes.set_yticks([1.5, 1.75, 2.0, 2.25, 2.5], ["1.5", "1.75", "2", "2.25", "2.5"])
    axes.minorticks_off()
    axes.legend()
    return fig


def forecast_table(found: Found) -> Any:
    """A row a forecast: what was forecast, how far off it is, and whether that is shown."""
    columns = ["law", "fitted", "forecast", "less measured", "interval", "the forecast is"]
    m = measured(found)
    words, rows = m.words(), []
    for key in FORECASTS:
        off, low, high, _ = m.off(key)
        rows.append([*key, f"{m.forecasts[key]:.3f}", f"{off:+.3f}", f"{low:+.3f} to {high:+.3f}", words[key]])
    caption = f"Nats a sign, with 95 % intervals; measured: {m.mean[-1, -1]:.3f}."
    return plots.table(rows, columns, caption)


def rates_table(found: Found) -> Any:
    """A row a width: its parameters, counted in two ways, and the rate that validation texts chose."""
    rates = {r["d"]: r["lr"] for r in found["runs"] if not r["trial"]}
    rows = [[d, parameters(d).layers, parameters(d).total, f"{rates[d]:g}"] for d in WIDTHS]
    return plots.table(rows, ["width", "layers", "with tables", "rate"], "Parameters, and the learning rate chosen.")
