"""Files of weights: what a pickle may do when it is read, how to look into one without reading it, and safetensors."""

import json
import os
import pickletools
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

TYPES = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}


class Harmless:
    """Whoever unpickles this makes an empty folder. It might as well have been any other call of any function."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (self.folder,)


def imports(path: Path) -> list[str]:
    """What a file of torch's would import and might call, in order, found without running any of it."""
    with zipfile.ZipFile(path) as archive:
        name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
        data = archive.read(name)
    return [str(argument).replace(" ", ".") for code, argument, _ in pickletools.genops(data) if code.name == "GLOBAL"]


def read_safetensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, by hand: eight bytes with the header's length, JSON, numbers. No code."""
    data = path.read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    found = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        numbers = torch.frombuffer(bytearray(data[begin + first : begin + last]), dtype=TYPES[entry["dtype"]])
        found[name] = numbers.reshape(entry["shape"])
    return found
