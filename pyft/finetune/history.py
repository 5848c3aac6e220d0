"""What happened in a training run."""

from dataclasses import dataclass, field

from pyft.profiles import Recipe


@dataclass
class History:
    """What happened: the loss of every step, and what was measured after some `steps`.

    Measured are the mean training loss since the last time, the validation loss and the validation score: the share of
    right labels, or Pearson's r of ratings. `best` is the step whose weights came back, if the recipe has patience.
    """

    losses: list[float] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    train_loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_score: list[float] = field(default_factory=list)
    best: int | None = None

    def improved(self) -> bool:
        """Whether the last validation loss is the lowest so far."""
        return self.validation_loss[-1] == min(self.validation_loss)


def out_of_patience(history: History, recipe: Recipe) -> bool:
    """Whether the last `patience` measurements brought no lower validation loss."""
    found = history.validation_loss
    return bool(recipe.patience and found) and len(found) - 1 - found.index(min(found)) >= recipe.patience
