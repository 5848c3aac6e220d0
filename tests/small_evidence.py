"""Bands and records made for a test."""

import json
import platform

NAN = float("nan")


def band(low, high, **more):
    return {"low": low, "high": high, "tolerance": 0.01, "seeds": 5, "reason": "made for a test"} | more


def put(folder, chapter, seed, profile="laptop", machine=None, predictions=None, **metrics):
    path = folder / chapter / profile / f"seed-{seed}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = {
        "seed": seed,
        "metrics": {f"{chapter}/{k}": v for k, v in metrics.items()},
        "predictions": predictions or {},
        "provenance": {"hardware": {"machine": machine or platform.machine()}},
    }
    path.write_text(json.dumps(kept))
    return kept
