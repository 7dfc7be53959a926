"""What the pinned environment consists of: licences, known vulnerabilities, a bill of materials for a release.

python .ci/supply_chain.py licences             # of every package in requirements.txt, as a table in markdown
python .ci/supply_chain.py audit                # known vulnerabilities; asks a service on the network
python .ci/supply_chain.py sbom FILE.cdx.json   # CycloneDX, with hashes and licences
"""

import argparse
import importlib.metadata
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
REQUIREMENTS: Final = ROOT / "requirements.txt"
UNKNOWN: Final = "unknown"
NOT_INSTALLED: Final = "not installed here"
NOTHING_CHECKED: Final = 3
"""Exit status of an audit that no service has answered."""

_PIN: Final = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
_COPYLEFT: Final = re.compile(r"(?<![Ll])\bA?GPL|GNU (?:Affero )?General Public")
_LONGEST: Final = 80
_LICENCE_FILE: Final = re.compile(r"licen[cs]e|copying", re.IGNORECASE)
_PHRASES: Final = {
    "Permission is hereby granted, free of charge, to any person obtaining a copy": "MIT",
    "Neither the name of": "BSD-3-Clause",
    "Redistribution and use in source and binary forms": "BSD-2-Clause",
    "Apache License Version 2.0": "Apache-2.0",
    "Apache License, Version 2.0": "Apache-2.0",
}


def read_pins() -> dict[str, str]:
    """Return the version of each pinned package."""
    return dict(_PIN.findall(REQUIREMENTS.read_text()))


def find_licence(package: str) -> str:
    """Return a package's licence as its metadata state it: an SPDX expression where there is one."""
    try:
        metadata = importlib.metadata.metadata(package)
    except importlib.metadata.PackageNotFoundError:
        return NOT_INSTALLED
    if expression := metadata.get("License-Expression"):
        return str(expression)
    stated = str(metadata.get("License") or "").strip()
    if stated and "\n" not in stated and len(stated) <= _LONGEST:
        return stated
    classifiers = [str(each) for each in metadata.get_all("Classifier") or []]
    named = [each.rpartition(" :: ")[2] for each in classifiers if each.startswith("License :: OSI Approved :: ")]
    return " AND ".join(named) or _recognise(stated) or _recognise(_read_licence_files(package)) or UNKNOWN


def _read_licence_files(package: str) -> str:
    files = [each for each in importlib.metadata.files(package) or [] if _LICENCE_FILE.match(each.name)]
    return "\n".join(each.read_text() for each in files if Path(str(each.locate())).is_file())


def _recognise(text: str) -> str | None:
    """Return the licence that a text is, by words that no other one has."""
    words = " ".join(text.split())
    return next((licence for phrase, licence in _PHRASES.items() if phrase in words), None)


def list_licences() -> int:
    """Print the licence of each package; those that none is known of, and copyleft ones, are named at the end."""
    licences = {package: find_licence(package) for package in read_pins()}
    rows = [f"| {package} | {version} | {licences[package]} |" for package, version in read_pins().items()]
    _say("| package | version | licence |", "| --- | --- | --- |", *rows, "")
    unknown = [package for package, licence in licences.items() if licence in (UNKNOWN, NOT_INSTALLED)]
    copyleft = [package for package, licence in licences.items() if _COPYLEFT.search(licence)]
    _say(f"{len(licences)} packages", f"copyleft, or a choice of it: {', '.join(copyleft) or 'none'}")
    _say(f"unknown: {', '.join(unknown) or 'none'}")
    return 1 if unknown else 0


def audit() -> int:
    """Print known vulnerabilities of the pinned packages, and say where nobody could be asked.

    The exit status is 0 if every package was looked up and none has any, 1 if one has, ``NOTHING_CHECKED`` if no
    package could be looked up.
    """
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(REQUIREMENTS), "--disable-pip", "--no-deps"]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off"], capture_output=True, text=True, check=False
    )
    try:
        found = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        _say(f"the vulnerability service did not answer, so nothing was checked: {_last_line(done.stderr)}")
        return NOTHING_CHECKED
    checked = [each for each in found if "vulns" in each]
    if not checked:
        _say(f"the vulnerability service knows none of {len(found)} packages, so nothing was checked: is it reachable?")
        return NOTHING_CHECKED
    vulnerable = [each for each in checked if each["vulns"]]
    for each in vulnerable:
        fixed = sorted({version for known in each["vulns"] for version in known["fix_versions"]})
        ids = ", ".join(known["id"] for known in each["vulns"])
        _say(f"{each['name']} {each['version']}: {ids}; mended in {', '.join(fixed) or 'no version'}")
    _say(f"{len(checked)} of {len(found)} packages checked, {len(vulnerable)} with known vulnerabilities")
    return 1 if vulnerable or len(checked) < len(found) else 0


def write_bill_of_materials(file: Path) -> int:
    """Write the CycloneDX bill of materials of this version: every pinned package with its hashes and its licence."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(REQUIREMENTS), "--pyproject"]
    done = subprocess.run(
        [*command, str(ROOT / "pyproject.toml"), "--mc-type", "library", "--output-reproducible", "--of", "JSON"],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        _say(f"cyclonedx-py failed: {_last_line(done.stderr)}")
        return 1
    bill: dict[str, Any] = json.loads(done.stdout)
    bill["metadata"]["component"]["version"] = _read_version()
    for component in bill["components"]:
        component.pop("description", None)  # the line of requirements.txt
        if (licence := find_licence(component["name"])) not in (UNKNOWN, NOT_INSTALLED):
            component["licenses"] = [{"license": {"name": licence}}]
    file.write_text(json.dumps(bill, indent=1, sort_keys=True) + "\n")
    _say(f"{file}: {len(bill['components'])} packages")
    return 0


def _read_version() -> str:
    (version,) = re.findall(r'^__version__ = "([^"]+)"', (ROOT / "paraisite" / "__init__.py").read_text(), re.MULTILINE)
    return str(version)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]


def _say(*lines: str) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def main() -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("licences")
    commands.add_parser("audit")
    commands.add_parser("sbom").add_argument("file", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "sbom":
        return write_bill_of_materials(arguments.file)
    verbs: dict[str, Callable[[], int]] = {"licences": list_licences, "audit": audit}
    return verbs[arguments.command]()


if __name__ == "__main__":
    sys.exit(main())
