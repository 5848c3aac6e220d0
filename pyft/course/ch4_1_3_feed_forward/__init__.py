"""What section 4.1.3 alone needs."""
