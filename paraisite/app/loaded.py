"""What the page loads or computes once and keeps: models, maps, training structures, predictions with explanations."""

import hashlib
import json
from typing import Final

import streamlit as st
from pymatgen.core.structure import Structure

from paraisite.app.material_map import MaterialMap
from paraisite.artifacts.inputs import load_data
from paraisite.artifacts.predictors import find_predictor
from paraisite.artifacts.predictors_at_hand import read_card_of
from paraisite.artifacts.training_rows import load_training_rows
from paraisite.config import load_config
from paraisite.data.datasets.table import JOINED
from paraisite.data.sources.one_material import fetch_material
from paraisite.errors import ParaisiteError
from paraisite.explain.explainers import Explainer, Explanation, explain
from paraisite.inference.crystals import Crystal
from paraisite.inference.predictions import Predictions
from paraisite.schema import MATERIAL_ID
from paraisite.training.recipes import ACCURATE, KAPPA_TIER, TOGO15

_KEPT: Final = 300

_DEFAULT_ROWS: Final = JOINED.join((ACCURATE, KAPPA_TIER))
"""Name of the default model's rows."""


@st.cache_resource(show_spinner="Loading the model …")
def load_explainer(model: str) -> Explainer:
    """Return a model as ``predictors.find_predictor`` finds it, with what explains it."""
    return Explainer(find_predictor(model))


@st.cache_resource(show_spinner="Drawing the map of training materials …")
def load_map(model: str) -> MaterialMap | None:
    """Return the map of a model's training materials, or None where it has none."""
    return MaterialMap.fit(load_explainer(model).predictor)


@st.cache_resource(show_spinner="Reading the training structures …")
def load_training_structures(model: str) -> dict[str, Structure]:
    """Return the structures of a model's training materials by id; those that are not on this machine are absent."""
    name = str(read_card_of(model).get("dataset", ACCURATE))
    known = load_explainer(model).predictor.calibration_set
    wanted = set() if known is None else set(known.materials.material_id)
    own = name.removeprefix(_DEFAULT_ROWS).removeprefix(JOINED)  # a user's, besides the default model's
    found: dict[str, Structure] = {}
    for each in dict.fromkeys((_DEFAULT_ROWS, own, TOGO15) if name.startswith(_DEFAULT_ROWS) else (name, TOGO15)):
        try:
            config = load_config()
            data = load_training_rows(config) if each == _DEFAULT_ROWS else load_data(each, config)
        except (ParaisiteError, OSError):
            continue
        of_data = dict(zip(data.table[MATERIAL_ID], data.structures, strict=True))
        # Ids that both data sets have carry the name of the one that joined.
        found = of_data | {f"{material} ({each})": structure for material, structure in of_data.items()} | found
    return {material: structure for material, structure in found.items() if material in wanted}


@st.cache_data(show_spinner="Asking the Materials Project …", ttl=3600, max_entries=_KEPT)
def load_material(material_id: str) -> dict[str, object]:
    """Return a material of the Materials Project, as pymatgen writes a structure."""
    return fetch_material(material_id).as_dict()


def explain_crystal(model: str, crystal: Crystal) -> Explanation:
    """Return a crystal's prediction with its contributions."""
    return _explain(model, tell_apart([crystal]), crystal)


def predict_crystals(model: str, crystals: list[Crystal]) -> Predictions:
    """Return the predictions of several crystals."""
    return _predict(model, tell_apart(crystals), crystals)


def place_crystal(model: str, crystal: Crystal) -> list[float] | None:
    """Return where a crystal lies on the model's map, [2]; None where there is no map."""
    return _place(model, tell_apart([crystal]), crystal)


@st.cache_resource(show_spinner="Predicting and computing contributions …", max_entries=_KEPT)
def _explain(model: str, digest: str, _crystal: Crystal) -> Explanation:
    return explain(load_explainer(model), [_crystal])[0]


@st.cache_resource(show_spinner="Predicting …", max_entries=20)
def _predict(model: str, digest: str, _crystals: list[Crystal]) -> Predictions:
    return load_explainer(model).predictor.predict([crystal.found for crystal in _crystals])


@st.cache_resource(show_spinner=False, max_entries=_KEPT)
def _place(model: str, digest: str, _crystal: Crystal) -> list[float] | None:
    of_materials = load_map(model)
    if of_materials is None or isinstance(_crystal.found, str):
        return None
    place: list[float] = of_materials.place([_crystal.found])[0].tolist()
    return place


def tell_apart(crystals: list[Crystal]) -> str:
    """Return what tells crystals apart: names and structures."""
    content = [
        [crystal.name, crystal.found if isinstance(crystal.found, str) else crystal.found.as_dict()]
        for crystal in crystals
    ]
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()
