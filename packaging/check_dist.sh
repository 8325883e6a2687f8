#!/usr/bin/env bash
# Build the sdist, and the wheel from it. Check both, and test the wheel outside of the checkout. `make dist` runs this.
#
#   packaging/check_dist.sh PYTHON [fresh]
#
# PYTHON belongs to an environment with the extras dist and test. The wheel is installed in a new environment, which
# uses the dependencies of that one. With `fresh`, it gets its own, in the versions of constraints.txt.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
checkout=$PWD
export OMP_NUM_THREADS=1

rm -rf dist
"$python" -m build --no-isolation --outdir dist . >/dev/null
sdist=$(echo "$checkout"/dist/*.tar.gz)
wheel=$(echo "$checkout"/dist/*.whl)
"$python" -m twine check --strict dist/*
"$(dirname "$python")"/check-wheel-contents dist/*.whl

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
"$python" -m venv --without-pip "$place/venv"
tried=$place/venv/bin/python
pip=("$python" -m pip --python "$tried")
if [ "${2:-}" = fresh ]; then
    "${pip[@]}" install --quiet --constraint constraints.txt "$wheel"
else
    "${pip[@]}" install --quiet --no-deps "$wheel"
    "$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
        >"$("$tried" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/borrowed.pth"
fi
cp packaging/try_wheel.py "$place"
cd "$place"
"${pip[@]}" check
"$tried" -I try_wheel.py

# The sdist is complete: pytest can collect all of its tests, and those that read files outside of the package pass.
tar -xzf "$sdist" --strip-components=1 --one-top-level="$place/sdist"
cd "$place/sdist"
export PYTHONPATH=$place/sdist/src
"$python" -m pytest -q --collect-only -p no:cacheprovider tests | tail -n 1
"$python" -m pytest -q -p no:cacheprovider tests/test_packaging.py tests/benchmarks/test_defaults_page.py
