"""What section 6.3.3 alone needs."""
