"""Makes the peers' environments with venv and pip: `python -m benchmarks.make_peer_envs FOLDER`."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

PEER_PACKAGES: Final = {
    "megnet": ("tensorflow-cpu", "tf_keras", "megnet==1.3.2", "pymatgen"),
    "matgl": ("torch==2.13.0", "matgl==4.1.2"),
}


def make_environment(peer: str, folder: Path) -> Path:
    """Return the interpreter of a peer's environment, which is made if it is not there."""
    python = folder / peer / "bin" / "python"
    done = folder / peer / "installed"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder / peer)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PEER_PACKAGES[peer]], check=True)
        done.touch()
    return python


def main() -> None:
    """Make all environments and print the options that use them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the environments go, about 5 GB")
    folder = parser.parse_args().folder
    options = [f"--{peer}-python {make_environment(peer, folder).absolute()}" for peer in PEER_PACKAGES]
    print(" ".join(["python -m benchmarks.run", *options]))


if __name__ == "__main__":
    main()
