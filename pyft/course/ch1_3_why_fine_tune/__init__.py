"""What section 1.3 alone needs."""
