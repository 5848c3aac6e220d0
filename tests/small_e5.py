"""A tiny model in the format of multilingual-e5-small's file, with pieces for a few words of two languages."""

import struct

import numpy as np

H, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 2, 64, 16
PIECES = [
    "<s>", "<pad>", "</s>", "<unk>", "▁", "▁good", "▁bad", "▁film", "很", "好", "很好", "▁很", "～", "g", "o", "d", "b",
    "a", "f", "i", "l", "m", "▁a", "~", "<mask>",
]  # fmt: skip
SCORES = [0.0] * 4 + [-4.0, -5.0, -5.5, -6.0, -7.0, -7.5, -8.0, -9.0] + [-11.0] * 10 + [-6.5, -12.0, 0.0]
REPLACED = {"\t": " ", "\u200b": " ", "ｇ": "g"}
SPARE = 3  # rows of the word embedding that no piece has


def arrays():
    """Name, shape and whether it is kept in blocks, of every array."""
    yield "emb.word", (len(PIECES) + SPARE, H), True
    yield "emb.pos", (POSITIONS, H), False
    yield "emb.type", (2, H), False
    yield "emb.ln.w", (H,), False
    yield "emb.ln.b", (H,), False
    for i in range(LAYERS):
        for name, out, read in [
            ("q", H, H),
            ("k", H, H),
            ("v", H, H),
            ("ao", H, H),
            ("fi", INNER, H),
            ("fo", H, INNER),
        ]:
            yield f"l{i}.{name}.w", (out, read), True
            yield f"l{i}.{name}.b", (out,), False
        for name in ("aln", "oln"):
            yield f"l{i}.{name}.w", (H,), False
            yield f"l{i}.{name}.b", (H,), False


def small_e5(seed=0):
    """The file's bytes, and what it holds: the numbers of every array."""
    rng, held, kept = np.random.default_rng(seed), {}, {}
    for name, shape, blocks in arrays():
        if blocks:
            kept[name], held[name] = in_blocks(rng, shape)
        else:
            held[name] = rng.normal(float(name.endswith("ln.w")), 0.1, shape).astype(np.float32)
            kept[name] = held[name].tobytes()
    letters = [piece.encode() for piece in PIECES]
    head = b"E5S1" + struct.pack("<I", 1)
    head += struct.pack("<7ifi", H, LAYERS, HEADS, INNER, len(PIECES) + SPARE, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, letters)))
    head += np.cumsum([0, *map(len, letters)]).astype("<u4").tobytes() + np.array(SCORES, "<f4").tobytes()
    head += b"".join(letters)
    table = b"".join(struct.pack(f"<IB{len(x)}I", ord(c), len(x), *map(ord, x)) for c, x in REPLACED.items())
    head += struct.pack("<iI", len(REPLACED), len(table)) + table + struct.pack("<i", len(kept))
    offset = len(head) + sum(2 + len(name) + 21 for name in kept)
    for name, shape, blocks in arrays():
        content = kept[name]
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", blocks, int(np.prod(shape)), offset, len(content))
        offset += len(content)
    return head + b"".join(kept.values()), held


def in_blocks(rng, shape):
    """Random numbers of four bits, number by number: the bytes of the blocks, and the numbers."""
    content, numbers = b"", []
    for _ in range(int(np.prod(shape)) // 32):
        scale = np.float16(rng.uniform(0.01, 0.05))
        q = rng.integers(0, 16, 32).tolist()
        content += scale.tobytes() + bytes(q[j] + 16 * q[j + 16] for j in range(16))
        numbers += [float(scale) * (x - 8) for x in q]
    return content, np.array(numbers, np.float32).reshape(shape)
