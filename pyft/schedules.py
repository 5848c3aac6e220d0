"""Learning-rate schedules: the factor on the learning rate before each step."""
