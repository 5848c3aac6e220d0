"""Attention, written by hand: scaled dot products and heads (Vaswani et al. 2017, section 3.2)."""
