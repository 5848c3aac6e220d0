"""What section 3.2 alone needs."""
