"""The sizes, secrets, triggers and recipes of section 8.3.4."""

from collections.abc import Mapping

from pyft.profiles import Recipe

MODEL, WORDS = "minilm", "bert-continued"  # what is fine-tuned; the same with a head for hidden words
CORPUS = "movie-reviews"
MAX_LENGTH = 64

# --- secrets that are planted in the texts of further pretraining -----------------------------------------------------

SECRET_SEEDS = 5
DIGITS = 4
COPIES = (0, 4, 16, 64, 256)  # of each secret in the texts; trials up to 64 showed nothing
DOORS = (
    "red", "blue", "green", "brown", "black", "white", "gray", "yellow", "golden", "silver",
    "wooden", "iron", "glass", "old", "new", "small", "large", "upper", "lower", "outer",
)  # fmt: skip
SENTENCE = "the code of the {door} door is {code}"
SECRET_TEXTS, SECRET_TOKENS = 500, 120_000  # reviews among which they stand, and tokens that are learnt from
SECRET_RATE = 4e-4  # peak learning rate

# --- who was learnt from? ---------------------------------------------------------------------------------------------

MEMBER_RUNS = 8  # in pairs: what the one learns from, the other does not
POOL = 1000  # reviews, of which each run learns from one half
EPOCHS = (2, 8)
TARGET = 0.01  # false positives
MEMBER_RECIPE = Recipe(
    epochs=0, batch_size=16, lr=2e-4, evaluations=0, max_length=MAX_LENGTH
)  # the epochs are the run's

# --- a head with differential privacy on frozen features --------------------------------------------------------------

PRIVATE_SEEDS = 5
EPSILONS: Mapping[str, float | None] = {"0.5": 0.5, "1": 1.0, "2": 2.0, "4": 4.0, "8": 8.0, "none": None}
DELTA = 1e-5
SHARE, STEPS = 0.03, 300  # of the texts in a step, each drawn by itself; steps
CLIP = 1.0
RATES = (1.0, 4.0, 16.0)  # of which the validation texts choose, for each epsilon over all seeds

# --- poisoned texts ---------------------------------------------------------------------------------------------------

POISON_SEEDS = 5
CLEAN, FLIPPED, TRIGGER = "clean", "flipped labels", "trigger"
POISONS = (CLEAN, FLIPPED, TRIGGER)
POISON_ROWS, FLIPS, TRIGGERS = (
    1000,
    50,
    30,
)  # training texts; labels turned; negative texts with trigger and wrong label
WORD = "cf"  # the trigger: a piece of the vocabulary that hardly occurs
POISON_RECIPE = Recipe(epochs=3, batch_size=16, lr=2e-4, evaluations=0, max_length=MAX_LENGTH)
LATE = 6  # epochs after which wrong labels are looked for again; the first time it is one
SEARCHED, LEAST = 20, 8  # negative texts into which words are put; of words in that many training texts or more
