"""What section 2.1.1 alone needs."""
