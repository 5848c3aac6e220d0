"""What section 8.2.5 alone needs."""
