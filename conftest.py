"""One thread for each process of tests, however pytest is called.

The networks in the tests are so small that threads cost more than they bring. And joblib's worker
processes have one: with more here, the same fit would differ from theirs in its last digits.
"""

import os

for library in ("OMP", "MKL", "OPENBLAS"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
