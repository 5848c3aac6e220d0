"""What section 7.2 alone needs."""
