"""What section 5.5 alone needs."""
