"""What section 9.5 alone needs."""
