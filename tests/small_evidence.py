"""Bands and records made for a test."""

import json

NAN = float("nan")


def band(low, high, **more):
    return {"low": low, "high": high, "seeds": 5, "reason": "made for a test"} | more


def put(folder, chapter, seed, profile="laptop", **metrics):
    path = folder / chapter / profile / f"seed-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"seed": seed, "metrics": {f"{chapter}/{k}": v for k, v in metrics.items()}}))
