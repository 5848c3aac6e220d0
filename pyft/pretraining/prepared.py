"""`pyft pretrain`: a prepared model by its plan, from a state that is of this very run or from the start."""

import hashlib
import json
import shutil
from dataclasses import asdict

from pyft import models
from pyft.errors import unknown
from pyft.finetune.output_folder import file_digest
from pyft.pretraining import continued
from pyft.pretraining.continued import PLANS, Plan
from pyft.pretraining.documents import texts


def make(name: str) -> None:
    """Prepare the model of that name, and remove the states of its runs when weights and card are kept.

    A run's state lies in a folder named by its key: with another plan, other texts or weights, nothing of it is read.

    Raises:
        PyftError: an unknown name, or what `prepare` raises.
    """
    if name not in PLANS:
        raise unknown("prepared model", name, list(PLANS))
    states = continued.WORK / name
    continued.prepare(name, work=states / key(name, PLANS[name]))
    shutil.rmtree(states)


def key(name: str, plan: Plan) -> str:
    """Which run it is: its plan, the texts and the weights that it begins with."""
    architecture, _, goes_on = name.partition("-")
    begun_with = [models.digest(models.minilm()), file_digest(models.delta_file(architecture) if goes_on else None)]
    parts = [asdict(plan) | {"objective": plan.objective.__name__}, texts(), begun_with]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]
