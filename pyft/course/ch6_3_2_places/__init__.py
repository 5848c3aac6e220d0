"""What section 6.3.2 alone needs."""
