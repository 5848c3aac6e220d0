"""What section 3.3.2 alone needs."""
