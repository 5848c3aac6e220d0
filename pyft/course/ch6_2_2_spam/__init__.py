"""What section 6.2.2 alone needs."""
