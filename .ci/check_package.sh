#!/usr/bin/env bash
# The package as a user gets it: sdist and wheel are built and checked, the wheel is installed alone, with what the index
# has today, and predicts from an empty folder what the clone predicts.
# check_package.sh UV PYTHON: uv, and the Python of the clone's environment.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1 python=$2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

"$uv" build --quiet --out-dir "$scratch/dist" .
"$uv" tool run --quiet twine check --strict "$scratch"/dist/*.whl "$scratch"/dist/*.tar.gz
size=$(stat -c %s "$scratch"/dist/*.whl)
if ((size > 40 * 1024 * 1024)); then
  echo "the wheel has $size bytes, expected 40 MiB at most" >&2
  exit 1
fi

"$uv" venv --quiet --python "$python" "$scratch/venv"
"$uv" pip install --quiet --python "$scratch/venv/bin/python" "$scratch"/dist/*.whl
mkdir "$scratch/empty"
crystal="$scratch/empty/NaCl.vasp"
printf 'NaCl\n1.0\n0 2.845 2.845\n2.845 0 2.845\n2.845 2.845 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n' >"$crystal"
value='import json, sys; row = json.loads(sys.stdin.readline()); assert row["reason"] is None, row; print(row["value"])'
# Offline: no index, no proxy, no server is named to what predicts.
installed=$(cd "$scratch/empty" && env -i PATH=/usr/bin:/bin HOME="$scratch" \
  "$scratch/venv/bin/paraisite" predict --json NaCl.vasp | "$python" -c "$value")
in_clone=$("$python" -m paraisite predict --json "$crystal" | "$python" -c "$value")
"$python" -c 'import math, sys; sys.exit(not math.isclose(*map(float, sys.argv[1:]), rel_tol=1e-6))' \
  "$installed" "$in_clone" || { echo "the wheel predicts $installed, the clone $in_clone" >&2; exit 1; }
echo "package: wheel of $((size / 1024)) KiB, NaCl $installed W/m/K, as in the clone"
