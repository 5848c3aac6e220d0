"""How good a model is: metrics, tests, baselines, decoding, attribution."""
