"""Predictors by name: from a file, the model registry, what was trained here, or what the project ships."""

import dataclasses
import difflib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from paraisite import DEFAULT_MODEL
from paraisite.artifacts.dvc_files import fetch_tracked, is_repository
from paraisite.artifacts.stage_folders import predictor_folder
from paraisite.artifacts.tracked_outputs import is_shipped
from paraisite.core.paths import SHIPPED
from paraisite.errors import ConfigError, MissingInputError, TrackingError, WeightsError
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictor import Predictor
from paraisite.inference.rows import Row, build_named_rows
from paraisite.tracking.registry_lookup import ADDRESS_VARIABLE, may_be_registered
from paraisite.training.model_descriptions import PROCESSES
from paraisite.training.recipes import FINAL_DATASETS, RECIPES, find_recipe, name_final_recipe

HDF5_SUFFIXES: Final = (".hdf5", ".h5")
ENSEMBLE_SUFFIX: Final = ".safetensors"
_REGISTRY_PREFIX: Final = "models:/"
_PROCESS_MODELS: Final = tuple(name_final_recipe(PROCESSES, dataset) for dataset in FINAL_DATASETS)
"""Models that are no networks, on the project's data sets."""


def find_predictor(model: str | Path) -> Predictor:
    """Return a predictor.

    Args:
        model: A file (a published MEGNet crystal model, an ensemble), a folder with an ensemble and its calibration
            set, a registered model's "NAME@alias" or "models:/NAME@alias", or a recipe's name: that is the registry's
            champion where there is a registry that has one, else the model trained here, else the one shipped.

    Raises:
        MissingInputError: There is no such model.
        WeightsError: A file is neither format, or not what its name says.
        CheckpointError: A file is damaged, or a calibration set belongs to another ensemble.
        TrackingError: The registry has no such version, or it cannot be fetched.
    """
    name = str(model).removeprefix(_REGISTRY_PREFIX)
    if not str(model).strip():
        raise MissingInputError("the model has no name: expected a file, a folder or a model's name")
    if Path(model).exists() or Path(model).suffix.lower() in (*HDF5_SUFFIXES, ENSEMBLE_SUFFIX):
        return _from_path(Path(model))
    if Path(name).name != name:
        raise MissingInputError(f"{model} not found: expected a model's file or folder, or its name")
    name, _, alias = name.partition("@")
    if alias:
        return _from_registry(name, alias=alias)
    return _from_registry_if_there(name.upper()) or Predictor.load(_trained_or_shipped(name.upper()))


def predict_rows(model: str | Path, crystals: Sequence[Crystal]) -> list[Row]:
    """Return one row per crystal, as JSON knows it; one for each output, in the model's order, where that has several.

    Args:
        model: As ``find_predictor`` takes it.
        crystals: What to predict.
    """
    return predict_rows_with(find_predictor(model), crystals)


def predict_rows_with(predictor: Predictor, crystals: Sequence[Crystal]) -> list[Row]:
    """Return the same of a predictor that is there."""
    structures = [crystal.found for crystal in crystals]
    of_outputs = [
        build_named_rows(crystals, dataclasses.replace(predictor, output=output).predict(structures))
        for output in range(len(predictor.model.targets))
    ]
    return [row for of_crystal in zip(*of_outputs, strict=True) for row in of_crystal]


def _from_path(path: Path) -> Predictor:
    if path.suffix.lower() in HDF5_SUFFIXES:
        if not path.is_file():
            raise MissingInputError(f"{path} not found: expected a model file")
        from paraisite.inference.network_model import NetworkModel
        from paraisite.models.megnet_interop import read_published_model  # only these models need h5py

        return Predictor(NetworkModel(read_published_model(path).to_ensemble()))
    if path.is_dir() or path.suffix.lower() == ENSEMBLE_SUFFIX:
        if not path.exists():
            raise MissingInputError(f"{path} not found: expected a model file")
        return Predictor.load(path)
    expected = ", ".join((*HDF5_SUFFIXES, ENSEMBLE_SUFFIX))
    raise WeightsError(f"{path}: unknown model format {path.suffix!r}, expected one of {expected}")


def _from_registry(name: str, *, alias: str) -> Predictor:
    if not may_be_registered(name):  # asking MLflow would make a store where there is none
        raise TrackingError(f"the registry has no {name}@{alias}: it has no version of {name}, or there is none here")
    from paraisite.tracking.fetching import fetch_predictor  # MLflow takes seconds to import

    return Predictor.load(fetch_predictor(name, alias=alias))


def _from_registry_if_there(name: str) -> Predictor | None:
    """Return the champion if there is a registry that has one with a calibration set."""
    if not may_be_registered(name):
        return None
    from paraisite.tracking.fetching import fetch_champion

    is_named = ADDRESS_VARIABLE in os.environ  # MLflow sets it, too
    try:
        folder = fetch_champion(name)
    except TrackingError as error:
        if not is_named:
            raise
        raise TrackingError(f"{error}; without {ADDRESS_VARIABLE} the model that is here predicts") from error
    return None if folder is None else Predictor.load(folder)


def _trained_or_shipped(name: str) -> Path:
    """Return the folder of a predictor that was trained here, that DVC tracks as an output, or that is shipped."""
    folders, reasons = (predictor_folder(name), SHIPPED / name.lower()), []
    found = [folder for folder in folders if folder.exists()]
    if not found:
        _check_name(name)
    if not found and not is_repository() and name != DEFAULT_MODEL:
        raise MissingInputError(
            f"{name} is not here: an installation brings {DEFAULT_MODEL} alone; a clone of the repository has or "
            "trains the others, and a model's file or folder can be named anywhere"
        )
    shipped = [folder for folder in folders if is_shipped(folder)]
    if not found and not shipped and name != DEFAULT_MODEL:
        raise MissingInputError(f"{name} is neither trained here nor shipped: {_how_to_make(name)}")
    for folder in found or shipped or folders:
        try:
            return fetch_tracked(folder, target=str(folder))
        except MissingInputError as error:
            reasons.append(str(error))
    raise MissingInputError(
        f"{name} is neither a file nor a model that is registered, trained here or shipped ({reasons[0]}); "
        f"{_how_to_make(name)}"
    )


def _how_to_make(name: str) -> str:
    """Return the command that makes a model, as a sentence."""
    if name == DEFAULT_MODEL:
        return f"`python -m paraisite fit` fits {DEFAULT_MODEL}"
    if name.startswith(PROCESSES):
        return "`python -m paraisite fit --dataset DATASET` fits it on the data set that its name ends with"
    return f"`python -m paraisite train {name}` trains it"


def _check_name(name: str) -> None:
    """Do nothing if a name is one that a model can have.

    Raises:
        MissingInputError: It is none, as with a slip.
    """
    if name in _PROCESS_MODELS or name.startswith(f"{PROCESSES}_"):
        return
    try:
        find_recipe(name)
    except ConfigError as error:
        like = difflib.get_close_matches(name, (*_PROCESS_MODELS, *RECIPES), n=3)
        hint = f"did you mean {' or '.join(like)}? " if like else ""
        raise MissingInputError(
            f"{name} is neither a file nor a model's name: {hint}`paraisite recipes` lists the networks; "
            f"{DEFAULT_MODEL} predicts by default"
        ) from error
