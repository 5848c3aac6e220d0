"""What one chapter alone needs, a folder a notebook. Nothing outside imports it."""
