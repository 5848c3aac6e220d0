"""A model in use: as a graph that runs without PyTorch, and as a service."""
