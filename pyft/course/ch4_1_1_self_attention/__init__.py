"""What section 4.1.1 alone needs."""
