"""What section 8.1.3 alone needs."""
