"""What the pages of section 2.1 share: a little language whose answers are known, and a small network to train on it."""
