"""Losses, written by hand: cross-entropy from logits, and squared error."""
