"""What section 3.1 alone needs."""
