"""How section 6.3 learns names."""

from pyft.profiles import Recipe

RECIPES = {
    "laptop": {"names": Recipe(epochs=1, batch_size=32, lr=2e-4)},
    "gpu": {"names": Recipe(epochs=3, batch_size=32, lr=2e-5)},  # Devlin et al. 2019, appendix A.3
}
