"""The exercises on places: each solution is what is counted on tags."""

import torch

from pyft.evaluation.ner import score
from pyft.exercises import every

PLACES = every("6.3.2")


def test_there_are_two_exercises():
    assert list(PLACES) == ["6.3.2-a", "6.3.2-b"]


def test_a_repair_changes_f1_as_on_tags():
    true = [["B-LOC"]] * 5 + [["B-ORG"]] * 4
    found = [["B-LOC"]] * 2 + [["B-ORG"]] * 3 + [["B-ORG"]] * 3 + [["O"]]
    kinds = ("LOC", "ORG")
    before = [score(true, found, kind) for kind in kinds]
    repaired = [["B-LOC"]] * 4 + found[4:]  # two of the three places that were taken for organisations
    counts = torch.tensor([[s.right, s.found, s.true] for s in before])
    assert [x.item() for x in PLACES["6.3.2-a"].solution(counts, 2)] == [score(true, repaired, k).f1 for k in kinds]


def test_a_list_gets_the_rarer_kind_wrong(said):
    def counted(place, team):
        return torch.tensor(
            [min(p, t) / (p + t) if p + t else 0.0 for p, t in zip(place.tolist(), team.tolist(), strict=True)]
        )

    assert said("6.3.2-b", counted) == "solved"
