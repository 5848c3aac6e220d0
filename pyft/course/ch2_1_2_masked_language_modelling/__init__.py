"""What section 2.1.2 alone needs."""
