"""What the papers say of the texts and the size of their pretraining, and what follows for its cost."""

from typing import NamedTuple


class Pretraining(NamedTuple):
    """One model's pretraining. Whatever a paper does not give is left out."""

    name: str
    year: int
    text: str  # what was read
    parameters: float
    tokens: float  # read, repetitions included
    cite: str  # key of the bibliography
    where: str

    @property
    def operations(self) -> float:
        """Six operations a parameter and token: two forward, four backward (Kaplan et al. 2020, section 2.1)."""
        return 6 * self.parameters * self.tokens


PUBLISHED = [
    Pretraining(
        "BERT base", 2018, "books, Wikipedia", 110e6, 1e6 * 256 * (0.9 * 128 + 0.1 * 512), "devlin2019bert",
        "section 3 and appendix A.2: a million steps of 256 texts, nine in ten of length 128, the rest of 512",
    ),
    Pretraining(
        "BERT large", 2018, "books, Wikipedia", 340e6, 1e6 * 256 * (0.9 * 128 + 0.1 * 512), "devlin2019bert",
        "section 3 and appendix A.2",
    ),
    Pretraining(
        "RoBERTa", 2019, "books, Wikipedia, news, web", 355e6, 500e3 * 8192 * 512, "liu2019roberta",
        "sections 2 to 5: 500 thousand steps of 8 thousand texts of at most 512 tokens",
    ),
    Pretraining(
        "GPT-3", 2020, "web, books, Wikipedia", 175e9, 300e9, "brown2020language", "tables 2.1 and D.1",
    ),
    Pretraining(
        "Chinchilla", 2022, "web, books, news, code", 70e9, 1.4e12, "hoffmann2022training", "section 4.1",
    ),
]  # fmt: skip
GPT3_OPERATIONS = 3.14e23  # Brown et al. 2020, table D.1, "total train compute (flops)"
BERT_WORDS = 3.3e9  # Devlin et al. 2019, section 3.1: BooksCorpus 800 million, Wikipedia 2,500 million
