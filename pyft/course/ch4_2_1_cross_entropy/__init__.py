"""What section 4.2.1 alone needs."""
