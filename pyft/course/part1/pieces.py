"""The pretrained network as a language model: MiniLM, which read to both sides, made to look to the left alone.

It reads word pieces. In a text of 27 signs they say all that its letters say, so that its bits are of the same text.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from tokenizers.models import WordPiece
from torch import Tensor, nn

from pyft import models
from pyft.course.part1.letters import END, LETTERS
from pyft.maths.encoder import BertEncoder, TiedHead
from pyft.maths.state_dicts import from_bert

END_PIECE = "[SEP]"  # BERT's own end of a text


class Pieces:
    """The word pieces that some texts use, and every letter alone, so that any word can still be spelt.

    `rows` are the numbers that the pieces have in the tokenizer's own vocabulary, `counts` how often each was used.
    """

    def __init__(self, texts: Sequence[str], tokenizer: Any) -> None:
        whole = tokenizer.get_vocab()
        named = {row: name for name, row in whole.items()}
        cut = tokenizer(list(texts), add_special_tokens=False)["input_ids"]
        used = Counter(named[row] for rows in cut for row in rows)
        used[END_PIECE] = len(texts)
        spelt = {form for letter in LETTERS.strip() for form in (letter, f"##{letter}")}
        others = sorted((used.keys() | spelt) - {END_PIECE}, key=whole.__getitem__)
        self.names = [END_PIECE, *others]
        self.rows, self.counts = [whole[name] for name in self.names], [used[name] for name in self.names]
        vocabulary = {name: code for code, name in enumerate(self.names)}
        self._cut = WordPiece(vocabulary, unk_token=END_PIECE, max_input_chars_per_word=1000)

    def encode(self, text: str) -> list[int]:
        """The codes of a text's pieces, the longest that fits first in each word, and of its end."""
        return [*(piece.id for word in text.split() for piece in self._cut.tokenize(word)), END]

    def decode(self, codes: Sequence[int]) -> str:
        """The text of codes: a piece begins a word, unless it says that it goes on."""
        names = (self.names[code] for code in codes if code != END)
        return "".join(name[2:] if name.startswith("##") else f" {name}" for name in names).removeprefix(" ")


class Decoder(nn.Module):
    """An encoder in which each place sees itself and its left, and the word embeddings once more as output weights.

    Rothe, Narayan & Severyn 2020 (TACL 8) turn BERT into a decoder in the same way.
    """

    def __init__(self, encoder: BertEncoder, counts: Sequence[int]) -> None:
        """The head begins by passing on what it gets, and by how often each piece occurs."""
        super().__init__()
        self.encoder, self.head = encoder, TiedHead(encoder.word)
        self.attention_width = len(encoder.layers) * self.tied.size(1)
        nn.init.eye_(self.head.dense.weight)
        nn.init.zeros_(self.head.dense.bias)
        often = torch.tensor(counts) + 1.0
        self.head.bias.data.copy_((often / often.sum()).log())
        nn.init.constant_(self.head.norm.gamma, 0.1)  # small logits, so that the counts have their say at first

    @property
    def tied(self) -> Tensor:
        """The word embeddings, (V, d), which are the output weights too."""
        return self.encoder.word.weight

    def forward(self, x: Tensor) -> Tensor:
        """(B, T) -> (B, T, V)."""
        T, of = x.size(1), self.encoder
        left = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()
        y = of.word(x) + of.position.weight[:T] + of.segment.weight[0]  # (B, T, d)
        y = of.dropout(of.norm(y))
        for layer in of.layers:
            y = layer(y, left)
        return self.head(y)


def decoder(pieces: Pieces, pretrained: bool, dropout: float = 0.1) -> Decoder:
    """MiniLM as a decoder over some pieces; the same network as it is drawn, with nothing read, if not `pretrained`."""
    bert = models.minilm()
    config = bert.config
    encoder = BertEncoder(
        len(pieces.rows),
        config.hidden_size,
        config.num_attention_heads,
        config.intermediate_size,
        config.num_hidden_layers,
        max_length=config.max_position_embeddings,
        num_segments=config.type_vocab_size,
        dropout=dropout,
    )
    if pretrained:
        state = from_bert(bert.state_dict())
        state["word.weight"] = state["word.weight"][pieces.rows]
        encoder.load_state_dict(state)
    else:
        for module in encoder.modules():  # as BERT was drawn: Devlin et al. 2019's code, initializer_range
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=config.initializer_range)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
    return Decoder(encoder, pieces.counts)
