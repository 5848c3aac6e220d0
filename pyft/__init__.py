"""pyft: the helper package of an executable course on fine-tuning language models.

Chapters read `import pyft` and then name what they use by module: `data`, `models`, `finetune`, `plots`.
The four words of evidence (`prove`, `expect`, `record`, `show`) are at hand from the top.
"""

from typing import Any

__version__ = "0.1.0"
__all__ = ["expect", "prove", "record", "show"]


def __getattr__(name: str) -> Any:
    """Load the evidence only when it is asked for, so that `import pyft` costs nothing."""
    if name in __all__:
        from pyft import evidence

        return getattr(evidence, name)
    raise AttributeError(f"module 'pyft' has no attribute {name!r}; its submodules must be imported by name")
