"""What section 3.1.3 alone needs."""
