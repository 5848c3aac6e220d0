"""What section 5.4 alone needs."""
