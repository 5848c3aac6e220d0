"""What section 4.2 alone needs."""
