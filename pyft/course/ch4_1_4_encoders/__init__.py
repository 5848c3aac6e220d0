"""What section 4.1.4 alone needs."""
