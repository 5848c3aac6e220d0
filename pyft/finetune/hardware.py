"""What the hardware allows: the precision of a forward pass, and how many texts of a batch fit into memory at once."""

import math
import os
from collections.abc import Sequence

import torch
from accelerate import Accelerator, PartialState
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import GradientAccumulationPlugin
from transformers import PreTrainedConfig

from pyft.errors import PyftError

MARGIN = 0.9  # of the free memory; the rest is for fragments, the kernels' own workspace and the logits
KEPT = 2.5  # times Korthikanti's formula: see `activations`
PRECISIONS = {torch.float32: "no", torch.bfloat16: "bf16", torch.float16: "fp16"}  # as accelerate calls them


def make_accelerator() -> Accelerator:
    """An `Accelerator` for one training: its device, its processes, mixed precision as the hardware has it.

    accelerate keeps its state for the whole process and refuses to change it, so it begins anew here, as it does in
    `TrainingArguments`. How many parts a batch goes through in is for the recipe to say, not for `accelerate launch`.
    """
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
    return Accelerator(
        mixed_precision=PRECISIONS[precision(shared().device)],
        gradient_accumulation_plugin=GradientAccumulationPlugin(num_steps=1),
    )


def device() -> torch.device:
    """The GPU if there is one, else the CPU; of several processes each has its own GPU."""
    if processes()[1] > 1:
        return shared().device
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def processes() -> tuple[int, int]:
    """This process's number, from 0, and how many share the work: 0 and 1, unless `accelerate launch` began them."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return 0, 1
    return shared().process_index, shared().num_processes


def shared() -> PartialState:
    """Join the other processes, the first time; on the CPU if there is no GPU, which `PartialState` does not see."""
    return PartialState(cpu=not torch.cuda.is_available())


def precision(where: torch.device) -> torch.dtype:
    """bfloat16 on a GPU that computes with it (from compute capability 8.0, Ampere, on), float16 on an older one (T4).

    On the CPU float32: results there are the same bit for bit as without `autocast`.
    """
    if where.type != "cuda":
        return torch.float32
    major, _ = torch.cuda.get_device_capability(where)
    return torch.bfloat16 if major >= 8 else torch.float16


def autocast(where: torch.device) -> torch.autocast:
    """A context in which matrix products take that precision; weights, softmax and LayerNorm stay float32.

    A loss does not: torch's cross-entropy of half-precision logits rounds log-probabilities to them, so give it
    `logits.float()`.
    """
    dtype = precision(where)
    if dtype is torch.float32:
        return torch.autocast(where.type, enabled=False)
    return torch.autocast(where.type, dtype=dtype)


def activations(config: PreTrainedConfig, T: int) -> float:
    """Bytes kept for the backward pass of one text of T tokens: KEPT · L T (34 d + 5 a T), with a the heads.

    The formula is that of Korthikanti et al. 2022 (section 4.1), for sixteen bits throughout. Under autocast LayerNorm
    and softmax keep 32 bits, and XLNet has more terms: what autograd keeps was measured as 1.7 (BERT) to 2.4 times it.
    """
    L, d, a = config.num_hidden_layers, config.hidden_size, config.num_attention_heads
    return KEPT * L * T * (34 * d + 5 * a * T)


def activation_budget(model: torch.nn.Module, where: torch.device) -> float:
    """Bytes left for activations on the device where the model already is; infinite on the CPU.

    14 bytes a parameter are set aside: gradient 4, AdamW's two moments 8, its copy in half precision 2.
    """
    if where.type != "cuda":
        return math.inf
    free, _ = torch.cuda.mem_get_info(where)
    free += torch.cuda.memory_reserved(where) - torch.cuda.memory_allocated(where)  # torch's own, not in use
    return MARGIN * free - 14 * sum(p.numel() for p in model.parameters() if p.requires_grad)


def parts(batch: Sequence[int], T: int, config: PreTrainedConfig, budget: float, least: int = 1) -> list[Sequence[int]]:
    """The batch in as few parts as fit into `budget` bytes one after the other, of like size, and at least in `least`.

    Raises:
        PyftError: not even one text fits.
    """
    fit = len(batch) if math.isinf(budget) else int(min(budget / activations(config, T), len(batch)))
    if fit < 1:
        raise PyftError(
            f"a text of {T} tokens needs about {activations(config, T) / 1e9:.2f} GB of GPU memory to train on, "
            f"found {max(budget, 0) / 1e9:.2f} GB free beside the model. "
            "Lower the recipe's max_length, take a smaller model, or restart the other notebooks on this GPU."
        )
    size = math.ceil(len(batch) / max(least, math.ceil(len(batch) / fit)))
    return [batch[start : start + size] for start in range(0, len(batch), size)]
