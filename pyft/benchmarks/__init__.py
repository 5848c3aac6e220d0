"""Measurements too long for a page: planned, resumed, shared, kept."""
