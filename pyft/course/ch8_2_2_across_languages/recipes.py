"""The sizes and hyperparameters of section 8.2.2."""

SIZES = (10, 100)
