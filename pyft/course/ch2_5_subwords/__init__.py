"""What section 2.5 alone needs."""
