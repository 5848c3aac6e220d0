"""What the pages of section 2.1 share: a little language with known answers, and a network to train on it."""
