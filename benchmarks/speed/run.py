"""Measure speed: ``python -m speed.run``, or with the names of some benchmarks, only these.

Each benchmark runs in a new process, and writes ``results/<name>.json``.
"""

import argparse
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import torch
from common import COMPETITION, as_json, describe_machine, describe_moment, load, save
from threadpoolctl import threadpool_limits

RESULTS = Path(__file__).parent / "results"
# Name: module, number of rounds, after one more to warm up, and threads.
BENCHES = {
    "training": ("training", 5, 2),
    "ensemble": ("training", 3, 2),
    "prediction": ("rivals", 5, 2),
    "one_image": ("rivals", 15, 1),
    "over_sampling": ("rivals", 11, 2),
    "growth": ("memory", 3, 2),
    "minutes": ("training", 1, 1),
    "networks": ("training", 1, 2),
    "files": ("memory", 7, 1),
    "files_blank": ("memory", 1, 1),
    "memory_mapped": ("memory", 1, 1),
    "gpu": ("gpu", 1, 1),
}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, "all"], default="all")
    parser.add_argument("--quick", action="store_true", help="tiny, to try it out; keeps nothing")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--output", type=Path, help="a file for the result, instead of results/")
    parser.add_argument("--data", type=Path, default=COMPETITION, help="networks, gpu: a folder")
    parser.add_argument("--device", default="cuda", help="gpu: which one")
    parser.add_argument("--parts", nargs="+", help="gpu: parts or recipes, which join the results")
    parser.add_argument("--minutes", type=float, default=2, help="gpu: of the recipe ensemble")
    options = parser.parse_args(arguments)
    names = [n for n in BENCHES if n != "gpu"] if "all" in options.names else options.names
    if len(names) == 1:
        return measure(names[0], options)
    flags = [word for word in arguments or sys.argv[1:] if word not in {*names, "all"}]
    for name in names:
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", "speed.run", name, *flags], check=True)


def measure(name, options):
    module, n_rounds, n_threads = BENCHES[name]
    options.threads = options.threads or n_threads
    options.rounds = 1 if options.quick else n_rounds
    file = options.output or (None if options.quick else RESULTS / f"{name}.json")
    torch.set_num_threads(options.threads)
    threadpool_limits(options.threads)  # for BLAS and scikit-learn, until the process ends
    result = load(file) if options.parts and file is not None else {}
    result |= describe_moment() | {"machine": describe_machine(), "n_rounds": options.rounds}
    for part in getattr(import_module(f"speed.{module}"), f"measure_{name}")(options):
        for key, value in part.items():
            result[key] = result.get(key, {}) | value if isinstance(value, dict) else value
        print(json.dumps(part, default=as_json), flush=True)
        if file is not None:
            save(file, result)


if __name__ == "__main__":
    main()
