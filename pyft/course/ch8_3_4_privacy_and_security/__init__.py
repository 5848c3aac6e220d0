"""What section 8.3.4 alone needs."""
