"""What section 3.2.7 alone needs."""
