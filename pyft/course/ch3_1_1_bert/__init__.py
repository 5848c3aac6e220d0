"""What section 3.1.1 alone needs."""
