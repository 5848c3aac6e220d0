"""What the tests of the book share."""

import pytest
from small_package import BENCHMARKS, FILES


@pytest.fixture
def folders(house):
    """A checkout whose package lies in folders that hand on their names lazily."""
    for name, text in FILES.items():
        house.write(f"pyft/{name}", text)
    for name in BENCHMARKS:
        house.write(f"book/results/bench/{name}.json", "{}")
    for name in ("xlnet", "bert-continued"):
        house.write(f"pyft/models/weights/{name}.safetensors", name)
    return house
