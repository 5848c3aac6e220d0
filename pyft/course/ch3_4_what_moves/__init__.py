"""What section 3.4 alone needs."""
