"""Binary decisions: a threshold that keeps false positives below a limit, and the rates that follow from it."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.metrics import confusion_matrix

from pyft.errors import PyftError

LIMIT = 0.005  # of all ham messages, how many may be taken for spam


def threshold(scores: ArrayLike, y: ArrayLike, limit: float = LIMIT) -> float:
    """The lowest t for which at most `limit` of the ham messages (y of 0) score above t. Both are (N,).

    Raises:
        PyftError: there is no ham message to count.
    """
    ham = np.sort(np.asarray(scores, dtype=float)[np.asarray(y) == 0])[::-1]
    if not len(ham):
        raise PyftError("no message with label 0: a limit on false positives needs some messages to count them on.")
    allowed = int(limit * len(ham) + 1e-9)  # 0.005 * 200 is a little less than 1
    return float(ham[allowed]) if allowed < len(ham) else -np.inf


def binary_metrics(flagged: ArrayLike, y: ArrayLike) -> dict[str, Any]:
    """Counts and rates of what was flagged as spam, both (N,): `tp`, `fp`, `fn`, `tn`; `recall`, `false_alarms`, ..."""
    tn, fp, fn, tp = map(int, confusion_matrix(y, np.asarray(flagged, dtype=int), labels=[0, 1]).ravel())
    counts = {"tp": tp, "fp": fp, "fn": fn, "tn": tn}
    return counts | {
        "accuracy": (tp + tn) / (tp + fp + fn + tn),
        "precision": tp / max(tp + fp, 1),
        "recall": tp / max(tp + fn, 1),
        "f1": 2 * tp / max(2 * tp + fp + fn, 1),
        "false_alarms": fp / max(fp + tn, 1),
    }


def margin(logits: Any) -> list[float]:
    """The second class's logit less the first's, (N,): its sign is the answer, its size how sure it is."""
    return [round(x, 2) for x in (logits[:, 1] - logits[:, 0]).tolist()]
