"""What section 6.3 alone needs."""
