"""What section 2.2 alone needs."""
