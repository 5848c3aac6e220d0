"""Optimisers, written by hand: SGD, Adam, AdamW, and AdamW as the outline prints it."""
