"""What section 6.1.2 alone needs."""
