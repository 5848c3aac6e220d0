"""What section 4.3.2 alone needs."""
