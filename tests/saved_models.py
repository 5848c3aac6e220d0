"""Folders as `pyft finetune` leaves them, each with a tiny model that was not trained."""

import json

import torch
from transformers import BertForTokenClassification

from pyft.finetune.saved import SavedModel

LABELS = {"sequence-classification": ["neg", "pos"], "regression": ["rating"], "token-classification": ["O", "B-W"]}


def small(folder, tiny_bert, tokenizer, task="sequence-classification", max_length=5):
    """A model for a task that reads `max_length` tokens: two special ones, and three words."""
    names = LABELS[task]
    model = tiny_bert(num_labels=len(names))
    if task == "token-classification":
        torch.manual_seed(0)
        model = BertForTokenClassification(model.config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    card = {"task": task, "labels": names, "max_length": max_length, "scores": {}}
    (folder / "pyft.json").write_text(json.dumps(card))
    return SavedModel(folder)
