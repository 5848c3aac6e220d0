"""What section 9.2 alone needs."""
