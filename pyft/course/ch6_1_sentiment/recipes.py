"""How section 6.1 learns film reviews."""

from pyft.profiles import Recipe

RECIPES = {
    "laptop": {"reviews": Recipe(epochs=1, batch_size=32, lr=1e-4)},
    "gpu": {"reviews": Recipe(epochs=3, batch_size=32, lr=2e-5)},  # Devlin et al. 2019, appendix A.3
}
