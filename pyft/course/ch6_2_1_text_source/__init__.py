"""What section 6.2.1 alone needs."""
