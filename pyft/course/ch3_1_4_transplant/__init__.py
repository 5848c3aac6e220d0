"""What section 3.1.4 alone needs."""
