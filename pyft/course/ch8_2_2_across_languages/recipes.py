"""The sizes, rates and recipes of section 8.2.2."""

from pyft.profiles import Recipe

MODEL = "multilingual"  # multilingual-e5-small
ENGLISH, CHINESE = "product-reviews", "chinese-reviews"
BEFORE = "query: "  # stands before every text that E5 reads
MAX_LENGTH = 48  # tokens
ENGLISH_ROWS = 400  # a class
WATCHED, ASKED = 100, 140  # texts a class: of each validation split, of each test split
SIZES = (10, 30, 100, 300, 1000)  # Chinese labels, half of each class
EPOCHS = {10: 10, 30: 6, 100: 4, 300: 2, 1000: 1}  # fewer passes over more texts
SEEDS = 5
TRIAL_SEED = 10  # of the tries of rates, which is none of the five
RATES = (5e-5, 1.5e-4, 4.5e-4)
STRENGTHS = (0.001, 0.01, 0.1, 1.0)  # of `C` of the linear heads
RECIPE = Recipe(epochs=2, batch_size=16, lr=0.0, evaluations=0, max_length=MAX_LENGTH)  # the rate is filled in

# --- MiniLM with new words --------------------------------------------------------------------------------------------

BASE = "bert-continued"  # MiniLM with a head for masked words
STARTS = ("drawn at random", "carried over")
STEPS = (0, 250)  # of masked language modelling on Chinese texts
WORDS_SEEDS = 3
WORDS = Recipe(epochs=1, batch_size=32, lr=2e-3, weight_decay=0.0, evaluations=0, max_length=MAX_LENGTH)
MIN_COUNT = 5  # a character that occurs less often in the training texts stays unknown
RIDGE = 1.0
BASE_RECIPE = Recipe(epochs=2, batch_size=16, lr=1.5e-4, evaluations=0, max_length=MAX_LENGTH)
WORDS_SIZES = (100, 1000)  # Chinese labels afterwards

# --- names ------------------------------------------------------------------------------------------------------------

CHARACTERS = 80  # of a Chinese line that are read, a piece each
NAMES_ENGLISH, NAMES_WATCHED = 2000, 300  # English sentences, to learn from and to choose by
NAMES_CHOSEN, NAMES_ASKED = 100, 600  # Chinese lines, for the linear tagger to choose its penalty by, and to test
NAMES_SIZES = (30, 100, 300, 1000)  # Chinese lines to learn from
NAMES_LENGTH = 96  # tokens
DEPTHS = (4, 8, 12)  # layers of the encoder that are kept
