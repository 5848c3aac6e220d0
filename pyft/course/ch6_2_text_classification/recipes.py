"""How section 6.2 learns spam, topics and long documents, and what its topics are."""

from pyft.profiles import Recipe, profile

RECIPES = {
    "laptop": {
        "spam": Recipe(epochs=1, batch_size=32, lr=2e-4),
        "topics": Recipe(epochs=1, batch_size=32, lr=2e-4),
        "documents": Recipe(epochs=3, batch_size=16, lr=2e-4, max_length=64),
    },
    "gpu": {  # Devlin et al. 2019, appendix A.3
        "spam": Recipe(epochs=3, batch_size=32, lr=2e-5),
        "topics": Recipe(epochs=1, batch_size=32, lr=2e-5),  # one epoch: there are a hundred thousand texts
        "documents": Recipe(epochs=4, batch_size=16, lr=2e-5, max_length=64),
    },
}
TOPICS = {"laptop": ("text-source", 800), "gpu": ("ag-news", None)}


def topics(name: str) -> tuple[str, int | None]:
    """The corpus of 6.2.1 in a profile, and the training rows of its page (`None`: all).

    Raises:
        PyftError: an unknown profile.
    """
    profile(name)
    return TOPICS[name]
