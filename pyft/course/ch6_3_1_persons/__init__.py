"""What section 6.3.1 alone needs."""
