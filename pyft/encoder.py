"""Encoders, written by hand: BERT, RoBERTa, XLNet."""
