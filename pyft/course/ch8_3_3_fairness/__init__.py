"""What section 8.3.3 alone needs."""
