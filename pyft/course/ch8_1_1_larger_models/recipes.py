"""Sizes, texts and rates of section 8.1.1, and what papers found on larger models."""

from typing import NamedTuple

WIDTHS = (8, 12, 16, 24, 32, 40, 48, 64, 80)  # d; all else of a model follows from it
LAYERS, HEADS, LENGTH = 2, 2, 64  # LENGTH: signs that a model reads at once
SIGNS = (75_000, 150_000, 300_000, 600_000)  # that are learnt from, each once
TUNED_ON = SIGNS[2]  # the rates are tried with so many
RATES = (3e-3, 8e-3, 2e-2)  # peaks, from which validation texts choose for each width
BATCH_SIZE = 16  # rows
SEEDS, TRIAL_SEED = 5, 1000
BLOCKS = 20  # of the test text, which are drawn anew in a bootstrap
DRAWS = 400  # of the bootstrap
LIVE_WIDTHS, LIVE_SIGNS = (8, 16, 32), 100_000  # what the page itself trains


class Fit(NamedTuple):
    """Loss in nats a token by E + A / N^alpha + B / D^beta, as a paper found it."""

    E: float
    A: float
    alpha: float
    B: float
    beta: float


HOFFMANN = Fit(1.69, 406.4, 0.34, 410.7, 0.28)  # Hoffmann et al. 2022, equation 10
# Besiroglu et al. 2024: the same runs, fitted again
BESIROGLU = Fit(1.8172, 482.01, 0.3478, 2085.43, 0.3658)
# Hoffmann et al. 2022, table 2, approach 3: the interval of a in N_opt ~ C^a
HOFFMANN_SHARE = (0.454, 0.455)
GPT2_VOCABULARY, GPT2_LENGTH = 50_257, 1024  # Radford et al. 2019, section 2.3
