"""What section 6.1.1 alone needs."""
