"""What section 4.3 alone needs."""
