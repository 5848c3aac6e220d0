"""What section 3.3.3 alone needs."""
