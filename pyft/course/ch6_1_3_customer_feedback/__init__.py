"""What section 6.1.3 alone needs."""
