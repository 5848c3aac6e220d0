"""What section 5 alone needs."""
