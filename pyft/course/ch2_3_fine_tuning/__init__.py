"""What section 2.3 alone needs."""
