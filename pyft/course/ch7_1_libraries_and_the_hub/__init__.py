"""What section 7.1 alone needs."""
