"""What section 1.2 alone needs."""
