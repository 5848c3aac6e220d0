"""The format of safetensors by hand: eight bytes, a header in JSON, and the numbers."""

import json
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

TYPES: dict[str, np.dtype[Any]] = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "I64": np.dtype("<i8")}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def write(tensors: dict[str, NDArray[np.generic]]) -> bytes:
    """The file of these tensors: the header's length, the header, and the tensors' bytes one after the other."""
    header: dict[str, object] = {}
    data = b""
    for name, x in tensors.items():
        raw = x.tobytes()
        header[name] = {
            "dtype": NAMES[x.dtype],
            "shape": list(x.shape),
            "data_offsets": [len(data), len(data) + len(raw)],
        }
        data += raw
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)  # so that the numbers begin at a multiple of eight
    return struct.pack("<Q", len(text)) + text + data


def read(content: bytes) -> dict[str, NDArray[np.generic]]:
    """The tensors of a file. Nothing in it is run: there is a table, and there are numbers."""
    (n,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + n])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        raw = content[8 + n + start : 8 + n + end]
        found[name] = np.frombuffer(raw, TYPES[entry["dtype"]]).reshape(entry["shape"])
    return found
