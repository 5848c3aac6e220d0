"""What section 8.1.1 alone needs."""
