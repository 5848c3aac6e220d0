"""Token ids as a tokenizer makes them, and a bound for what is counted."""

import torch
from scipy.stats import binom

PAD, UNK, CLS, SEP, MASK, FIRST, VOCAB = 0, 1, 2, 3, 4, 5, 11  # conftest's tokenizer


def texts(B=4, T=12, seed=0, padded=2):
    """Token ids (B, T) as a tokenizer makes them, the last texts shorter by `padded`, and their special tokens."""
    ids = torch.randint(FIRST, VOCAB, (B, T), generator=torch.Generator().manual_seed(seed))
    ids[:, 0] = CLS
    for row in range(B):
        end = T - 1 - (padded if row >= B // 2 else 0)
        ids[row, end], ids[row, end + 1 :] = SEP, PAD
    return ids, ids < FIRST


def likely(count, n, p, level=1e-6):
    """Whether a count lies inside the exact two-sided binomial bounds; seeds are fixed, so a pass is a pass."""
    return binom.ppf(level / 2, n, p) <= count <= binom.isf(level / 2, n, p)
