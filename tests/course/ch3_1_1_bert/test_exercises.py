"""The exercises of section 3.1.1 against the library's BERT."""

import torch
from transformers import BertConfig, BertModel
from transformers.models.bert.modeling_bert import BertEmbeddings

from pyft.exercises import every

EXERCISES = every("3.1.1")


def test_the_parameters_are_the_librarys():
    with torch.device("meta"):
        model = BertModel(BertConfig())
    counted = EXERCISES["3.1.1-a"].solution(30522, 512, 768, 12)
    assert counted == sum(p.numel() for p in model.parameters())


def test_the_embedding_is_the_librarys_before_its_norm():
    ids, second = torch.tensor([[5, 3, 1]]), torch.tensor([[0, 1, 1]])
    theirs = BertEmbeddings(BertConfig(vocab_size=7, hidden_size=4, max_position_embeddings=5)).eval()
    tables = (theirs.word_embeddings, theirs.position_embeddings, theirs.token_type_embeddings)
    ours = EXERCISES["3.1.1-b"].solution(*(table.weight for table in tables), ids, second)
    assert torch.allclose(theirs.LayerNorm(ours), theirs(ids, second), atol=1e-6)
