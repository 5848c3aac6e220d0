"""Tiny models for the unit tests: random, offline, milliseconds."""

import pytest
import torch
from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "good", "bad", "film", "a", "the", "poison"]


@pytest.fixture
def tokenizer(tmp_path):
    """A BERT tokenizer that knows WORDS."""
    path = tmp_path / "vocab.txt"
    path.write_text("\n".join(WORDS), encoding="utf8")
    return BertTokenizerFast(vocab=str(path))


@pytest.fixture
def tiny_bert():
    """A function that makes a tiny random BERT, the same for the same seed."""

    def make(seed=0, num_labels=2, **options):
        torch.manual_seed(seed)
        return BertForSequenceClassification(
            BertConfig(
                hidden_size=32,
                num_hidden_layers=2,
                num_attention_heads=2,
                intermediate_size=64,
                vocab_size=len(WORDS),
                max_position_embeddings=64,
                num_labels=num_labels,
                **options,
            )
        )

    return make
