"""What section 6.2 alone needs."""
