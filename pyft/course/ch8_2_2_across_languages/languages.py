"""Texts in two languages as vectors: each language centred, translations found, how far the languages lie apart."""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from datasets import Dataset
from numpy.typing import NDArray

from pyft import data
from pyft.course.ch8_2_2_across_languages.recipes import BEFORE, MAX_LENGTH
from pyft.data.draws import draw
from pyft.models.features import features

Vectors = NDArray[np.float64]

PAIRS = (  # translations of each other, written for this page
    ("The battery lasts two days.", "电池能用两天。"),
    ("The screen broke after a week.", "屏幕用了一个星期就坏了。"),
    ("Delivery was very fast.", "送货非常快。"),
    ("The room was dirty and loud.", "房间又脏又吵。"),
    ("I could not put this book down.", "这本书让我爱不释手。"),
    ("The staff were friendly.", "工作人员很友好。"),
    ("It is too expensive for what it is.", "以这个质量来说太贵了。"),
    ("The sound is clear.", "声音很清晰。"),
    ("I will never buy here again.", "我再也不会在这里买东西了。"),
    ("A present for my daughter.", "送给我女儿的礼物。"),
    ("The keyboard is comfortable.", "键盘用起来很舒服。"),
    ("Breakfast was cold.", "早餐是凉的。"),
    ("The colour is not as in the picture.", "颜色和图片上不一样。"),
    ("Easy to install, works at once.", "安装简单，马上就能用。"),
    ("The author repeats himself.", "作者翻来覆去地说同样的话。"),
    ("Close to the railway station.", "离火车站很近。"),
    ("The camera takes good pictures at night.", "这台相机夜里拍照效果很好。"),
    ("Customer service did not answer.", "客服没有回复。"),
    ("The shoes are one size too small.", "鞋子小了一码。"),
    ("Good value for money.", "物美价廉。"),
)


def plain(corpus: str, split: str, n: int, seed: int) -> Dataset:
    """n rows of each class of a split."""
    return draw(_splits(corpus)[split], n, seed)


def balanced(corpus: str, split: str, n: int, seed: int) -> Dataset:
    """n rows of each class of a split, with E5's word before each text."""
    rows = plain(corpus, split, n, seed)
    return Dataset.from_dict({"text": [BEFORE + text for text in rows["text"]], "label": rows["label"][:]})


def texts_of(corpus: str, split: str) -> list[str]:
    """All texts of a split, without their labels."""
    return list(_splits(corpus)[split]["text"])


@cache
def _splits(corpus: str) -> Any:
    return data.load(corpus)


def vectors(model: Any, tokenizer: Any, texts: Sequence[str]) -> Vectors:
    """The mean hidden state of each text, of length one: (N, d). The texts have E5's word before them."""
    h = features(model, tokenizer, texts, max_length=MAX_LENGTH).astype(np.float64)
    return h / np.linalg.norm(h, axis=1, keepdims=True)


def centred(X: Vectors, language: NDArray[Any]) -> Vectors:
    """The vectors less the mean of their own language: (N, d), (N) -> (N, d). Libovický et al. 2020."""
    return X - np.stack([X[language == one].mean(0) for one in language])


def retrieval(A: Vectors, B: Vectors) -> float:
    """How often the translation is nearest, by cosine: of each row of A the same row of B: (N, d), (N, d)."""
    A, B = (X / np.linalg.norm(X, axis=1, keepdims=True) for X in (A, B))
    return float(((A @ B.T).argmax(1) == np.arange(len(A))).mean())


def gap(X: Vectors, language: NDArray[Any]) -> float:
    """The distance of the means of two languages, in typical distances of a text from the mean of its own."""
    first, second = (X[language == one].mean(0) for one in np.unique(language))
    within = np.sqrt((centred(X, language) ** 2).sum(1).mean())
    return float(np.linalg.norm(first - second) / within)
