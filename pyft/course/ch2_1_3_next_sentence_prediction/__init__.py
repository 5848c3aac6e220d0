"""What section 2.1.3 alone needs."""
