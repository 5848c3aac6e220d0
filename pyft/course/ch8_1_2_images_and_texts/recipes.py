"""The captions, sizes and arms of section 8.1.2."""

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
NUMERALS = tuple("0123456789")
FRAMES = (  # of the captions that are learnt from
    "the digit {}",
    "a handwritten {}",
    "a photo of the number {}",
    "somebody wrote a {}",
    "this is a {} on paper",
    "{} in black ink",
    "a small picture of a {}",
    "the form says {}",
)
NEW_FRAMES = (  # of captions for the test alone: no word of theirs stands in the others
    "I would read it as {}",
    "our clerk has put down {}",
    "scanned from an old letter: {}",
    "{} , I think, or something like it",
)
PHRASINGS = {  # frames, and names of the ten digits
    "seen": (FRAMES, NAMES),
    "new frames": (NEW_FRAMES, NAMES),
    "numerals": (FRAMES, NUMERALS),
}

TRAIN, VALIDATION = 1077, 360  # images, in the order of the file; what is left is the test
HIDDEN, WIDTH = 128, 32  # of every tower: its inner layer, and what is compared
GROUPS = 16  # in a step; in each group one image of every digit
STEPS, LR = 400, 2e-3
LIVE_STEPS = 150
# of the linear model, from which validation images choose
STRENGTHS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0)
SEEDS = 5

TOWERS = ("words", "MiniLM")  # what reads the captions
# random batches: words, and digits that repeat within a group
ARMS = (*TOWERS, "random batches", "softmax")
