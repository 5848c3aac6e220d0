"""The mathematics of the book, written by hand; it imports torch alone."""
