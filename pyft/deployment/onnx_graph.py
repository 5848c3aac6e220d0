"""A model as an ONNX graph: export, weights of eight bits, and sessions of ONNX Runtime.

Needs the extra `serve`: `pip install ".[serve]"` in the folder of the repository.
"""

import logging
import platform
import warnings
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pyft.errors import PyftError

INPUTS = ("input_ids", "attention_mask")
# What processors call their instructions for sums of products of eight-bit numbers.
EIGHT_BIT = ("avx512_vnni", "avx_vnni", "amx_int8", "asimddp", "i8mm")


class Logits(nn.Module):
    """A model as a function of tensors: ids and mask of the tokens, (B, T) each, to logits (B, K) or (B, T, K)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        logits: Tensor = self.model(input_ids=input_ids, attention_mask=attention_mask).logits
        return logits


def export(model: nn.Module, path: Path) -> Path:
    """Write a model as an ONNX graph for batches of any size and texts of any length.

    Raises:
        PyftError: the packages of the extra `serve` are not installed.
    """
    _need("onnx", "onnxscript")
    ids = torch.ones(2, 8, dtype=torch.long)
    mask = torch.tensor([[1] * 8, [1] * 5 + [0] * 3])  # with padding, or the graph might do without a mask
    sizes = {0: "B", 1: "T"}
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)  # "no torchvision"
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's exporter uses what torch itself calls deprecated
        torch.onnx.export(
            Logits(model).eval(),
            (ids, mask),
            path,
            input_names=INPUTS,
            output_names=["logits"],
            dynamic_shapes=dict.fromkeys(INPUTS, sizes),
            external_data=False,  # one file
            verbose=False,
        )
    return path


def quantize(path: Path, target: Path) -> Path:
    """Write the graph again with its matrices in int8; activations become int8 when it runs (dynamic quantisation).

    The graph is simplified first: a matrix that is transposed at run time is no constant, and would be passed over.
    """
    _need("onnxruntime", "onnx")
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with TemporaryDirectory() as folder:
        simple = Path(folder, "simple.onnx")
        quant_pre_process(str(path), str(simple), skip_symbolic_shape=True)
        quantize_dynamic(str(simple), str(target), weight_type=QuantType.QInt8)
    return target


class Session:
    """A graph that is ready to run on the CPU, with so many threads."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        _need("onnxruntime")
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def __call__(self, batch: dict[str, Any]) -> NDArray[np.float32]:
        """The logits of a batch with `input_ids` and `attention_mask`, tensors or arrays of shape (B, T)."""
        feed = {name: np.asarray(batch[name], dtype=np.int64) for name in INPUTS}
        return np.asarray(self.session.run(["logits"], feed)[0])


def operators(path: Path) -> dict[str, int]:
    """How often each operator stands in a graph."""
    _need("onnx")
    import onnx

    found: dict[str, int] = {}
    for node in onnx.load(str(path), load_external_data=False).graph.node:
        found[node.op_type] = found.get(node.op_type, 0) + 1
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def eight_bit_instructions(flags: Sequence[str] | None = None) -> list[str]:
    """Those of EIGHT_BIT that this processor has; none where the system does not say."""
    if flags is None:
        path = Path("/proc/cpuinfo")
        flags = path.read_text(encoding="utf8").split() if platform.system() == "Linux" and path.is_file() else []
    return [name for name in EIGHT_BIT if name in set(flags)]


def _need(*packages: str) -> None:
    from importlib.util import find_spec

    if missing := [name for name in packages if find_spec(name) is None]:
        raise PyftError(
            f"{' and '.join(missing)}: not installed. "
            'To have it: pip install ".[serve]", in the folder of the repository'
        )
