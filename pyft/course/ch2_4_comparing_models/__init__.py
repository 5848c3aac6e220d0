"""What section 2.4 alone needs."""
