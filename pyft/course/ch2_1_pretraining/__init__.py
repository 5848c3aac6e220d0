"""What section 2.1 alone needs."""
