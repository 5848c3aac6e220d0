"""What section 4.2.2 alone needs."""
