"""The text, the budget, and the sizes of section 1.1: chosen on validation texts, with a seed that is not reported."""

from pyft.course.part1.networks import Training

TEXTS = 3000  # film reviews that every model learns from
TESTED = 1000  # reviews that every model is tested on
BUDGET = 6e12  # operations of training: what one reading of the text costs the pretrained network
LIVE = 0.05  # of the budget: what the page itself spends
ORDERS = (5, 6, 7, 8)  # signs that counting looks at, the one to come included; validation texts choose
DROPOUT = 0.1

SIZES = {
    "feed-forward": {"n": 10, "d": 32, "d_h": 900},
    "recurrent": {"d": 64, "d_h": 256},
    "transformer": {"d": 96, "h": 4, "L": 3, "max_length": 512},
}
TRAINING = {
    "feed-forward": Training(lr=1e-3),
    "recurrent": Training(lr=4e-3),
    "transformer": Training(lr=2e-3),
    "from scratch": Training(lr=5e-4),
    "pretrained": Training(lr=5e-4),
}
