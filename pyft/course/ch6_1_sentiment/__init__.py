"""What section 6.1 alone needs."""
