"""Two towers, one for images and one for captions, and their training side by side.

What a caption is turned into before its tower reads it is fixed: which of the known words it has, or MiniLM's vector.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pyft import models
from pyft.course.ch8_1_2_images_and_texts import recipes
from pyft.course.ch8_1_2_images_and_texts.contrastive import clip_loss, similarities, unit
from pyft.course.ch8_1_2_images_and_texts.recipes import FRAMES, GROUPS, HIDDEN, NAMES, PHRASINGS, WIDTH
from pyft.errors import unknown
from pyft.models.features import features

Read = Callable[[Sequence[str]], Tensor]  # captions (n) -> (n, width)


def tower(width: int) -> nn.Sequential:
    """From (..., width) to the vectors that are compared, (..., WIDTH)."""
    return nn.Sequential(nn.Linear(width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, WIDTH))


def captions(phrasing: str, digits: Sequence[int] = range(10)) -> list[list[str]]:
    """A row a frame, in it a caption a digit: (frames, digits)."""
    frames, names = PHRASINGS[phrasing]
    return [[frame.format(names[k]) for k in digits] for frame in frames]


# --- what captions are turned into ------------------------------------------------------------------------------------


def words_of(known: Sequence[str]) -> Read:
    """A function that counts the words that some known captions have; other words are passed over."""
    vocabulary = {word: i for i, word in enumerate(sorted({word for text in known for word in text.split()}))}

    def read(texts: Sequence[str]) -> Tensor:
        counts = torch.zeros(len(texts), len(vocabulary))
        for row, text in zip(counts, texts, strict=True):
            for word in text.split():
                if word in vocabulary:
                    row[vocabulary[word]] += 1
        return counts

    return read


def minilm_of(known: Sequence[str]) -> Read:
    """A function that gives MiniLM's vectors, less the mean of those of the known captions, over their spread."""
    vectors = sentence_vectors(tuple(known))
    mean, spread = vectors.mean(0), vectors.std()
    return lambda texts: (sentence_vectors(tuple(texts)) - mean) / spread


@cache
def sentence_vectors(texts: tuple[str, ...]) -> Tensor:
    """MiniLM's vectors of some captions, as it came: (n, 384)."""
    model, tokenizer = _minilm()
    return torch.tensor(features(model, tokenizer, texts))


@cache
def _minilm() -> Any:
    return models.minilm(), models.tokenizer("bert")


# --- both towers ------------------------------------------------------------------------------------------------------


@dataclass
class TwoTowers:
    """What has been learnt: images and captions as vectors that can be compared."""

    image: nn.Module
    text: nn.Module
    read: Read
    log_scale: Tensor

    @torch.inference_mode()
    def classes(self, phrasing: str) -> Tensor:
        """A direction a digit: the mean of its captions' vectors, (10, WIDTH)."""
        table = captions(phrasing)
        # (frames, 10, WIDTH)
        vectors = torch.stack([unit(self.text(self.read(row))) for row in table])
        return unit(vectors.mean(0))

    @torch.inference_mode()
    def cosines(self, pixels: Tensor, phrasing: str) -> Tensor:
        """Of each image (N, 64) with each digit in this phrasing: (N, 10)."""
        return unit(self.image(pixels)) @ self.classes(phrasing).mT


def learn(
    pixels: Tensor,
    digits: Tensor,
    arm: str,
    seed: int,
    held: int | None = None,
    steps: int = recipes.STEPS,
) -> TwoTowers:
    """Train both towers, on images and captions of all digits but the one that is held out.

    Every group of a step has one image of each digit, so that no text is another image's too.
    In `random batches` a group is drawn at random: as large, but digits repeat, and the same
    caption is one image's own and another's negative.
    """
    if arm not in (*recipes.TOWERS, "random batches"):
        raise unknown("arm", arm, [*recipes.TOWERS, "random batches"])
    seen = [k for k in range(10) if k != held]
    known = captions("seen", seen)
    flat = [text for row in known for text in row]
    torch.manual_seed(seed)
    read = minilm_of(flat) if arm == "MiniLM" else words_of(flat)
    texts = torch.stack([read(row) for row in known])  # (frames, K, width)
    image, text = tower(pixels.size(1)), tower(texts.size(-1))
    log_scale = nn.Parameter(torch.tensor(1 / 0.07).log())  # as CLIP begins
    learnt = [*image.parameters(), *text.parameters(), log_scale]
    optimizer = torch.optim.AdamW(learnt, lr=recipes.LR)
    place = {k: (digits == k).nonzero()[:, 0] for k in seen}  # of each digit's images
    for _ in range(steps):
        x, column = _groups(pixels, digits, seen, place, arm == "random batches")
        frame = torch.randint(len(FRAMES), column.shape)
        z = similarities(image(x), text(texts[frame, column]), log_scale)  # (GROUPS, K, K)
        optimizer.zero_grad()
        clip_loss(z).backward()
        optimizer.step()
        with torch.no_grad():
            log_scale.clamp_(max=float(torch.tensor(100.0).log()))  # as CLIP does
    return TwoTowers(image, text, read, log_scale.detach())


def _groups(
    pixels: Tensor, digits: Tensor, seen: Sequence[int], place: dict[int, Tensor], at_random: bool
) -> tuple[Tensor, Tensor]:
    """The images of a step, (GROUPS, K, 64), and which of the seen digits each is, (GROUPS, K)."""
    K = len(seen)
    if at_random:
        every = torch.cat([place[k] for k in seen])
        at = every[torch.randint(len(every), (GROUPS, K))]
        return pixels[at], torch.searchsorted(torch.tensor(seen), digits[at])
    at = torch.stack([place[k][torch.randint(len(place[k]), (GROUPS,))] for k in seen], 1)
    return pixels[at], torch.arange(K).expand(GROUPS, K)


def learn_softmax(pixels: Tensor, digits: Tensor, seed: int, steps: int = recipes.STEPS) -> nn.Module:
    """The image tower with ten outputs in place of captions, on images that are drawn in the same way."""
    torch.manual_seed(seed)
    net = nn.Sequential(tower(pixels.size(1)), nn.Linear(WIDTH, len(NAMES)))
    optimizer = torch.optim.AdamW(net.parameters(), lr=recipes.LR)
    seen = list(range(len(NAMES)))
    place = {k: (digits == k).nonzero()[:, 0] for k in seen}
    for _ in range(steps):
        x, column = _groups(pixels, digits, seen, place, at_random=False)
        optimizer.zero_grad()
        F.cross_entropy(net(x).flatten(0, 1), column.flatten()).backward()
        optimizer.step()
    return net
