"""What the sections of part 1 share: a text in 27 signs, and models that give the next of them."""
