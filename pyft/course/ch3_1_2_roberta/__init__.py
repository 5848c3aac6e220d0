"""What section 3.1.2 alone needs."""
