"""What section 8.2.2 alone needs."""
