"""What section 8.3.1 alone needs."""
