"""The book: its chapters, when they must run again, how they are run, checked and built."""
