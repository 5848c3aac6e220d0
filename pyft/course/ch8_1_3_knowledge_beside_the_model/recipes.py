"""The arms and amounts of section 8.1.3."""

AMOUNTS = {"few": 500, "many": 4000}  # training sentences, drawn by the seed
ARMS = ("none", "own", "public", "leaked")  # which names the tagger may look up
HONEST = ("none", "own", "public")  # lists that know nothing of the test
SEEDS = 5
LIVE_TESTED = 800  # test sentences that the page itself tags
