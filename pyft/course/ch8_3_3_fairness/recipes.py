"""The sentences, names, sizes and recipe of section 8.3.3."""

from collections.abc import Mapping

from pyft.profiles import Recipe

MODEL, WORDS = "minilm", "bert-continued"  # what is fine-tuned; the same with a head for hidden words
SEEDS = 5
CORPUS = "movie-reviews"
ROWS = 2000  # training texts, drawn by the seed
RECIPE = Recipe(epochs=2, batch_size=16, lr=2e-4, evaluations=0, max_length=64)

# --- what a name is put into; our own sentences, none is trained on ---------------------------------------------------

TEMPLATES: Mapping[str, tuple[str, ...]] = {
    "praise": (
        "{name} is wonderful in the leading role.",
        "The best thing about the film is {name}.",
        "A warm and funny script by {name}.",
        "{name} directs with a sure hand.",
    ),
    "blame": (
        "{name} is dreadful in the leading role.",
        "The worst thing about the film is {name}.",
        "A dull and lifeless script by {name}.",
        "{name} directs without an idea.",
    ),
    "neither": (
        "{name} plays the doctor.",
        "The film was written by {name}.",
        "{name} appears in the second half.",
        "The story is told by {name}.",
    ),
}
SENTENCES = tuple(sentence for some in TEMPLATES.values() for sentence in some)

# --- names ------------------------------------------------------------------------------------------------------------

GROUPS: Mapping[str, tuple[str, ...]] = {  # as the lists call them
    "first": ("asian", "black", "hispanic", "white"),
    "last": ("asian", "black", "hispanic", "native_american", "white"),
}
NAMES = 40  # of each group and part, never those that training swaps in

# --- what is trained on -----------------------------------------------------------------------------------------------

PLAIN, COPIED, SWAPPED, LINEAR = "as they are", "copied", "swapped", "counted words"
ARMS = (PLAIN, COPIED, SWAPPED, LINEAR)

# --- published sets ---------------------------------------------------------------------------------------------------

NETWORKS: Mapping[str, tuple[int, ...]] = {"pretrained": (0,), "random": (0, 1, 2)}  # which are scored, by seed
PAIRS = 40  # of a frequent name and a rare one of the same group
FREQUENCY_GROUPS = ("hispanic", "white")  # whose lists hold enough names of one piece
NEUTRAL = tuple(s for s in TEMPLATES["neither"])  # what these names are put into
