"""The sizes and hyperparameters of section 1.2."""

from pyft.profiles import Recipe

BOOLQ_TEXTS, BOOLQ_VALIDATION, BOOLQ_TESTED = 2000, 200, 1000  # questions
BOOLQ = Recipe(epochs=2, batch_size=16, lr=1e-4, max_length=96, evaluations=1)
SPANS = Recipe(epochs=3, batch_size=16, lr=2e-4, max_length=256)  # tokens of question and passage
LONGEST = 20  # tokens of an answer
