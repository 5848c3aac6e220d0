"""What section 1.1 alone needs."""
