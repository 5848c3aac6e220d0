"""What section 7.3 alone needs."""
