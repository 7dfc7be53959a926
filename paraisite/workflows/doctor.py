"""What an installation has and lacks, as a table that can be pasted into a report: it holds no secret."""

import importlib.metadata
import os
import platform
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd

import paraisite
from paraisite import DEFAULT_MODEL
from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.core.extras import EXTRA_OF_PACKAGE, install_command
from paraisite.core.files import cache_folder
from paraisite.core.paths import BUILD, DATA, PACKAGED, PREDICTOR, SHIPPED, SOURCE_TREE
from paraisite.core.secrets import hide_secrets, names_secret
from paraisite.core.usable_packages import CORE_PACKAGES
from paraisite.data.sources.nequix_weights import FILE_NAME as NEQUIX_FILE
from paraisite.data.sources.nequix_weights import PINNED, WEIGHTS_VARIABLE, name_cached_weights
from paraisite.data.sources.reachability import SERVERS, find_unreachable
from paraisite.errors import ParaisiteError
from paraisite.inference.predictor import Predictor
from paraisite.reports.terminal import print_table
from paraisite.tracking.registry_lookup import ADDRESS_VARIABLE
from paraisite.tracking.store_locks import DEFAULT_TRACKING_URI, database_file

OK: Final = "ok"
MISSING: Final = "missing"
FAILED: Final = "failed"

_OF_EXTRAS: Final = (
    "tensorflow", "mlflow", "dvc", "optuna", "h5py", "mp-api", "streamlit", "plotly", "phono3py", "nequix", "torch",
    "jax", "sevenn", "distributed", "pyspark", "megnet",
)  # fmt: skip
_SECRETS: Final = ("MP_API_KEY", "PMG_MAPI_KEY", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_SECONDS: Final = 4.0


class Finding(NamedTuple):
    """One row of the report.

    Attributes:
        area: What it is about.
        subject: Package, file, server or the like.
        status: ``OK``, ``MISSING`` or ``FAILED``.
        detail: Version, place or reason.
    """

    area: str
    subject: str
    status: str
    detail: str


def diagnose(*, offline: bool) -> bool:
    """Print what this installation has and lacks.

    Args:
        offline: Ask no server.

    Returns:
        Whether the default model can predict here.
    """
    model = _check_default_model()
    findings = [*_list_versions(), model, *_check_other_weights(), _check_potential(), *_check_stores(), *_check_gpu()]
    findings += [*_check_secrets(), *_check_folders(), *([] if offline else _check_servers())]
    table = pd.DataFrame([finding._replace(detail=hide_secrets(finding.detail)) for finding in findings])
    print_table(table.set_index("area"), title=f"paraisite {paraisite.__version__}")
    return model.status == OK


def _list_versions() -> Iterator[Finding]:
    yield Finding("version", "paraisite", OK, f"{paraisite.__version__} in {Path(paraisite.__file__).parent}")
    yield Finding("version", "python", OK, f"{platform.python_version()} on {platform.platform()}")
    for package in (*CORE_PACKAGES, *_OF_EXTRAS):
        try:
            yield Finding("version", package, OK, importlib.metadata.version(package))
        except importlib.metadata.PackageNotFoundError:
            extra = EXTRA_OF_PACKAGE.get(package.replace("-", "_"))
            yield Finding(
                "version", package, MISSING, install_command(extra, package=package) if extra else "reinstall paraisite"
            )


def _check_default_model() -> Finding:
    """Return whether the default model's files are there and are what they were when they were written."""
    here = predictor_folder(DEFAULT_MODEL)
    folders = (Path(DEFAULT_MODEL), here, SHIPPED / DEFAULT_MODEL.lower(), PACKAGED / here, SOURCE_TREE / here)
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        return Finding("weights", DEFAULT_MODEL, MISSING, f"in a clone `dvc pull {here}`, else reinstall paraisite")
    return _check_predictor(DEFAULT_MODEL, folder)


def _check_other_weights() -> Iterator[Finding]:
    for folder in sorted((*SHIPPED.glob("*"), *BUILD.glob(f"*/{PREDICTOR}"))):
        if folder.is_dir() and folder != predictor_folder(DEFAULT_MODEL):
            yield _check_predictor(str(folder), folder)


def _check_potential() -> Finding:
    """Return whether the weights of the potential that refines are there; nothing is downloaded."""
    given = os.environ.get(WEIGHTS_VARIABLE)
    try:
        place = Path(given) if given else name_cached_weights()
        if PINNED.is_at(place):
            return Finding("weights", NEQUIX_FILE, OK, str(place))
    except (ParaisiteError, OSError) as error:
        return Finding("weights", NEQUIX_FILE, FAILED, str(error))
    if given:
        what = "another file, or a damaged one" if place.is_file() else "no file"
        return Finding("weights", NEQUIX_FILE, FAILED, f"{WEIGHTS_VARIABLE} names {given}: {what}")
    return Finding("weights", NEQUIX_FILE, MISSING, f"downloaded at the first refining, or named by {WEIGHTS_VARIABLE}")


def _check_predictor(subject: str, folder: Path) -> Finding:
    try:
        predictor = Predictor.load(folder)
        return Finding("weights", subject, OK, f"{folder}, digest {predictor.digest[:16]}")
    except (ParaisiteError, OSError) as error:
        return Finding("weights", subject, FAILED, str(error))
    except ModuleNotFoundError as error:
        return Finding("weights", subject, MISSING, str(error))


def _check_stores() -> Iterator[Finding]:
    address = os.environ.get(ADDRESS_VARIABLE)
    database = database_file(address or DEFAULT_TRACKING_URI)
    if database and database.exists():
        yield _check_database(database)
    else:
        yield Finding("store", "MLflow", OK if address else MISSING, address or str(database))
    for subject, place in (("DVC's files", Path("dvc.lock")), ("DVC's store", Path("dvcstore")), ("data sets", DATA)):
        detail = str(place) if place.exists() else f"no {place} here: only a clone has it"
        yield Finding("store", subject, OK if place.exists() else MISSING, detail)


def _check_database(file: Path) -> Finding:
    """Return whether a file is a database with MLflow's experiments; MLflow itself would take seconds to ask."""
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as database:
            (n_run,) = database.execute("SELECT COUNT(*) FROM runs").fetchone()
    except sqlite3.Error as error:
        return Finding("store", "MLflow", FAILED, f"{file}: no store of MLflow: {error}")
    return Finding("store", "MLflow", OK, f"{file}: {n_run} runs")


def _check_gpu() -> Iterator[Finding]:
    if (program := shutil.which("nvidia-smi")) is None:
        yield Finding("GPU", "NVIDIA", MISSING, "no nvidia-smi: everything runs on the processor's cores")
        return
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        yield Finding("GPU", "NVIDIA", FAILED, str(error))
        return
    lines = [line.partition(" (UUID")[0] for line in done.stdout.splitlines()]
    yield Finding("GPU", "NVIDIA", OK if lines else FAILED, "; ".join(lines) or done.stderr.strip())


def _check_secrets() -> Iterator[Finding]:
    """Return which secrets are set; never what they are."""
    for name in sorted({*_SECRETS, *filter(names_secret, os.environ)}):
        is_set = bool(os.environ.get(name))
        yield Finding("secret", name, OK if is_set else MISSING, "set" if is_set else "not set")


def _check_folders() -> Iterator[Finding]:
    folders = {"here": Path.cwd(), "build": BUILD, "temporary": Path(tempfile.gettempdir())}
    try:
        folders["cache"] = cache_folder("")
    except ParaisiteError as error:
        yield Finding("folder", "cache", FAILED, str(error))
    for subject, folder in folders.items():
        existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        if not existing.is_dir():
            yield Finding("folder", subject, FAILED, f"{folder}: {existing} is a file, expected a folder")
            continue
        if not os.access(existing, os.W_OK):
            yield Finding("folder", subject, FAILED, f"{folder}: no right to write")
            continue
        free = shutil.disk_usage(existing).free / 2**30
        yield Finding("folder", subject, OK, f"{folder}: {free:.1f} GiB free")


def _check_servers() -> Iterator[Finding]:
    address = os.environ.get(ADDRESS_VARIABLE, "")
    of_runs = {"MLflow": address} if address.startswith(("http://", "https://")) else {}
    for server, reason in find_unreachable(timeout_seconds=_SECONDS, servers=SERVERS | of_runs).items():
        yield Finding("network", server, OK if reason is None else FAILED, reason or "answers")
