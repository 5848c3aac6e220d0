"""What section 8.3.2 alone needs."""
