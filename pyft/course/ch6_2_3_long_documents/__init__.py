"""What section 6.2.3 alone needs."""
