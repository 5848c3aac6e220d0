"""What section 5.1 alone needs."""
