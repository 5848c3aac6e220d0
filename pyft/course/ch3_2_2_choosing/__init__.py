"""What section 3.2.2 alone needs."""
