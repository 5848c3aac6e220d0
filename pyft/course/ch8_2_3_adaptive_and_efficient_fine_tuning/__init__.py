"""What section 8.2.3 alone needs."""
