"""Word pieces say all that letters say; the decoder begins with the encoder's weights and looks to the left."""

import pytest
import torch

from pyft import models
from pyft.course.part1 import letters, networks
from pyft.course.part1.pieces import Pieces, decoder

pytestmark = pytest.mark.usefixtures("same_torch_afterwards")

TEXTS = ["the film is good", "the film is bad and good"]


class Tokenizer:
    """Cuts at spaces, and knows a few whole words and all letters."""

    def __call__(self, texts, add_special_tokens):
        assert not add_special_tokens
        whole = self.get_vocab()
        return {"input_ids": [[whole[word] for word in text.split()] for text in texts]}

    def get_vocab(self):
        alone = [form for letter in letters.LETTERS.strip() for form in (letter, f"##{letter}")]
        names = ["[PAD]", "[SEP]", *alone, "never", "the", "film", "is", "good", "bad", "and"]
        return {name: i for i, name in enumerate(names)}


@pytest.fixture
def pieces():
    return Pieces(TEXTS, Tokenizer())


@pytest.mark.parametrize("text", [*TEXTS, "", "a zebra is good", "goods", "x" * 300])
def test_a_text_comes_back_from_its_pieces(pieces, text):
    codes = pieces.encode(text)
    assert codes[-1] == letters.END and letters.END not in codes[:-1]
    assert pieces.decode(codes) == text


def test_used_pieces_and_letters_are_kept_and_no_others(pieces):
    assert "never" not in pieces.names and {"film", "q", "##q"} <= set(pieces.names)
    whole = Tokenizer().get_vocab()
    assert [whole[name] for name in pieces.names] == pieces.rows
    counts = dict(zip(pieces.names, pieces.counts, strict=True))
    assert (counts["[SEP]"], counts["film"], counts["q"]) == (2, 2, 0)
    assert len(pieces.encode("goods")) == 3  # good ##s, and the end


@pytest.fixture
def small(tiny_bert, monkeypatch, pieces):
    bert = tiny_bert().bert
    pieces.rows = [row % bert.config.vocab_size for row in pieces.rows]
    monkeypatch.setattr(models, "minilm", lambda: bert.eval())
    return bert, pieces


def test_it_begins_with_the_encoder_s_states(small):
    bert, pieces = small
    net = decoder(pieces, pretrained=True).eval()
    x = torch.tensor([[3, 1, 5, 2]])
    with torch.no_grad():
        own = bert(torch.tensor(pieces.rows)[x[:, :1]]).last_hidden_state  # a text of one piece has no right side
        head = net.head(own[:, 0])
        assert torch.allclose(net(x)[:, 0], head, atol=1e-5)
    drawn = decoder(pieces, pretrained=False).eval()
    assert not torch.allclose(drawn.encoder.word.weight, net.encoder.word.weight, atol=1e-3)
    assert drawn.encoder.layers[0].norm_1.gamma.eq(1).all()


def test_it_sees_nothing_on_its_right(small):
    net = decoder(small[1], pretrained=True).eval()
    x, other = torch.tensor([[0, 1, 5, 2, 7]]), torch.tensor([[0, 1, 5, 3, 7]])
    moved = (net(x) != net(other)).any(-1)[0].tolist()
    assert moved == [False, False, False, True, True]


def test_it_begins_near_the_counts_and_learns(small):
    pieces = small[1]
    torch.manual_seed(0)
    net = decoder(pieces, pretrained=True, dropout=0.0).eval()
    first = sum(networks.bits(net, TEXTS, pieces.encode))
    networks.train(
        net, TEXTS, 3000 * networks.operations(net, 6), networks.Training(lr=5e-3, batch_size=2), 0, pieces.encode
    )
    assert sum(networks.bits(net, TEXTS, pieces.encode)) < first / 2


def test_its_output_weights_are_counted_and_its_tables_are_not(small):
    bert, pieces = small
    net = decoder(pieces, pretrained=True)
    d, d_ff, L = bert.config.hidden_size, bert.config.intermediate_size, bert.config.num_hidden_layers
    layers = L * (4 * d * d + 2 * d * d_ff)
    assert networks.operations(net, 6) == 6 * (layers + d * d + len(pieces.rows) * d) + 12 * 6 * L * d
