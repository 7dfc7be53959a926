#!/usr/bin/env bash
# The package as a user gets it: sdist and wheel are built and checked, the wheel is installed alone, with what the index
# has today, and predicts from an empty folder what the clone predicts; so on each Python that the package is for and that
# is at hand.
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

mkdir "$scratch/empty"
crystal="$scratch/empty/NaCl.vasp"
printf 'NaCl\n1.0\n0 2.845 2.845\n2.845 0 2.845\n2.845 2.845 0\nNa Cl\n1 1\nDirect\n0 0 0\n0.5 0.5 0.5\n' >"$crystal"
value='import json, sys; row = json.loads(sys.stdin.readline()); assert row["reason"] is None, row; print(row["value"])'
in_clone=$("$python" -m paraisite predict --json "$crystal" | "$python" -c "$value")

# Prints an interpreter of a version, on the PATH or one of pyenv's; fails where there is none that can make environments.
find_python() {
  local candidate
  for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
    if "$candidate" -c "import sys, venv; sys.exit('%d.%d' % sys.version_info[:2] != '$1')" 2>/dev/null; then
      "$candidate" -c 'import sys; print(sys.executable)'
      return
    fi
  done
  return 1
}

without_network=()
if unshare --map-root-user --net true 2>/dev/null; then
  without_network=(unshare --map-root-user --net)
fi

for version in $("$python" - <<<'import tomllib; from pathlib import Path
lines = tomllib.loads(Path("pyproject.toml").read_text())["project"]["classifiers"]
print(*(line.rpartition(" ")[2] for line in lines if "Python :: 3." in line))'); do
  if ! interpreter=$(find_python "$version"); then
    echo "package: Python $version is not at hand, the wheel was not tried on it"
    continue
  fi
  "$uv" venv --quiet --python "$interpreter" "$scratch/venv$version"
  "$uv" pip install --quiet --python "$scratch/venv$version/bin/python" "$scratch"/dist/*.whl
  # Offline: no index, no proxy, no server is named to what predicts, and where the system allows it there is no network.
  installed=$(cd "$scratch/empty" && env -i PATH=/usr/bin:/bin HOME="$scratch" "${without_network[@]}" \
    "$scratch/venv$version/bin/paraisite" predict --json NaCl.vasp | "$python" -c "$value")
  "$python" -c 'import math, sys; sys.exit(not math.isclose(*map(float, sys.argv[1:]), rel_tol=1e-4))' \
    "$installed" "$in_clone" || { echo "Python $version: the wheel predicts $installed, the clone $in_clone" >&2; exit 1; }
  echo "package: wheel of $((size / 1024)) KiB on Python $version, NaCl $installed W/m/K, as in the clone"
  rm -rf "$scratch/venv$version"
done
