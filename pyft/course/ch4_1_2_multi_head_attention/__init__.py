"""What section 4.1.2 alone needs."""
