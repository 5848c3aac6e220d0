"""What section 3.3.1 alone needs."""
