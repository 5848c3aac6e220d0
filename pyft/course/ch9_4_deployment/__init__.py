"""What section 9.4 alone needs."""
