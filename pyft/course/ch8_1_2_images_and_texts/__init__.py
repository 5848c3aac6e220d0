"""What section 8.1.2 alone needs."""
