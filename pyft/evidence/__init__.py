"""Evidence: a page proves, expects, records and shows; it never asks to be believed."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
