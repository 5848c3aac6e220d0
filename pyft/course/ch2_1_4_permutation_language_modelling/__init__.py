"""What section 2.1.4 alone needs."""
