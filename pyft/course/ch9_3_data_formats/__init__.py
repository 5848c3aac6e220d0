"""What section 9.3 alone needs."""
