"""What section 9.1 alone needs."""
