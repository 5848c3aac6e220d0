"""What several pages of part 5 share."""
