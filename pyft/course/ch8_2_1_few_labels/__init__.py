"""What section 8.2.1 alone needs."""
