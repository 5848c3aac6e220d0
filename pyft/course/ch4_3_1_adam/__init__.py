"""What section 4.3.1 alone needs."""
