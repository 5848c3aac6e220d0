"""What section 8.2.4 alone needs."""
