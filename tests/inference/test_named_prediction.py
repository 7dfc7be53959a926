"""Predictions as scripts see them: one crystal or many, of pymatgen or ASE, by name."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.build import bulk
from pymatgen.core import IStructure, Lattice, Molecule, Structure

from paraisite.inference.named_prediction import Prediction, PredictionList
from tests.inference.known_predictors import tiny_predictor

NACL = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.69), ["Na", "Cl"], [[0, 0, 0], [0.5, 0.5, 0.5]])


def test_one_structure_is_one_prediction_with_the_values_of_the_arrays() -> None:
    predictor = tiny_predictor()
    found, arrays = predictor(NACL), predictor.predict([NACL])
    assert isinstance(found, Prediction)
    assert (found.formula, found.unit, found.reason) == ("NaCl", "W/m/K", None)
    assert found.value == arrays.value[0]
    ends = [(found.lower_50, found.upper_50), (found.lower_80, found.upper_80)]
    np.testing.assert_array_equal(ends, np.stack([arrays.lower, arrays.upper], axis=-1)[:2, 0])
    assert found.lower_90 is None  # the rows are too few for it
    assert len(found.members) == predictor.model.n_member
    assert found.nearest
    assert json.loads(json.dumps(found.to_dict()))["formula"] == "NaCl"


def test_a_bad_crystal_of_a_generator_is_a_row_with_a_reason() -> None:
    def crystals() -> Iterator[object]:
        yield NACL
        yield Structure(Lattice.cubic(4.0), [{"Na": 0.5, "K": 0.5}], [[0, 0, 0]])
        yield 5
        yield bulk("NaCl", "rocksalt", a=5.69)
        slab = bulk("Si")
        slab.pbc = (True, True, False)
        yield slab

    found = tiny_predictor()(crystals())
    assert isinstance(found, PredictionList)
    assert [one.value is None for one in found] == [False, True, True, False, True]
    assert found[0].value == pytest.approx(found[3].value, rel=1e-5)
    assert found[2].reason == "not a crystal: found int, expected pymatgen's Structure or ASE's Atoms"
    assert found[4].reason == "not periodic in three directions, expected a crystal"
    table = found.to_dataframe()
    assert list(table["value"].isna()) == [False, True, True, False, True]
    assert table["lower_90"].dtype == np.float64
    assert table["reason"].tolist() == [one.reason for one in found], "None where there is a prediction"
    assert isinstance(found[1:], PredictionList)
    assert found[:1].to_dataframe()["formula"].tolist() == ["NaCl"]
    assert [one["formula"] for one in found.to_dict()][:2] == ["NaCl", found[1].formula]


def test_predictions_of_a_column_belong_to_the_rows_of_its_table() -> None:
    """They had rows of their own from 0, and pandas assigned them to other crystals of a sorted table."""
    table = pd.DataFrame(
        {"name": ["NaCl", "GaAs"], "atoms": [bulk("NaCl", "rocksalt", a=5.69), bulk("GaAs", "zincblende", a=5.65)]}
    )
    table = table.sort_values("name")
    found = tiny_predictor()(table["atoms"])
    table["formula"] = found.to_dataframe()["formula"]
    assert table["formula"].tolist() == table["name"].tolist() == ["GaAs", "NaCl"]
    assert found[1:].to_dataframe().index.tolist() == [0]
    assert tiny_predictor()(list(table["atoms"])).to_dataframe().index.tolist() == [0, 1]


def test_structures_are_refused_for_what_their_documents_are() -> None:
    """Isotopes of a site's property, and slabs of pymatgen, were refused as JSON and predicted as structures."""
    lithium = Structure.from_spacegroup("Im-3m", Lattice.cubic(3.5), ["Li"], [[0, 0, 0]])
    crystals = [
        lithium.copy(site_properties={"isotope": [6, 6]}),
        lithium.copy(site_properties={"isotope": [np.int64(7), None], "magmom": [0.0, 0.0]}),
        Structure(Lattice(lithium.lattice.matrix, pbc=(True, True, False)), lithium.species, lithium.frac_coords),
        IStructure.from_sites(lithium.copy(site_properties={"mass_number": [6, 7]}).sites),
    ]
    reasons = [one.reason for one in tiny_predictor()(crystals)]
    assert "is an isotope, expected an element" in str(reasons[0])
    assert reasons[1:3] == [None, "not periodic in three directions, expected a crystal"]
    assert "is an isotope, expected an element" in str(reasons[3])


def test_atoms_of_a_cif_with_shared_or_empty_sites_are_refused() -> None:
    """ASE keeps the first element of a site, and how it is shared in a dictionary beside the atoms."""
    predictor, copper = tiny_predictor(), bulk("Cu")
    copper.info["occupancy"] = {"0": {"Cu": 1.0}}
    assert predictor(copper).reason is None
    for shares in ({"Cu": 0.5, "Au": 0.5}, {"Cu": 0.9}):
        copper.info["occupancy"] = {"0": shares}
        assert "not fully occupied by one element" in str(predictor(copper).reason)


def test_no_crystals_are_an_empty_table_with_all_columns() -> None:
    found = tiny_predictor()([])
    assert (len(found), len(found.to_dataframe())) == (0, 0)
    assert "lower_80" in found.to_dataframe()


def test_what_is_no_crystal_at_all_has_a_reason() -> None:
    assert tiny_predictor()(None).reason.startswith("not a crystal: found NoneType")


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("NaCl.cif", "str, .*; Structure.from_file reads a file"),
        (Path("NaCl.cif"), r"\w+Path, .*; Structure.from_file reads a file"),
        (NACL.as_dict(), "dict, "),
        (pd.DataFrame({"structure": [NACL]}), "DataFrame, .*; its column of these can be given"),
        (Molecule(["H", "H"], [[0, 0, 0], [0, 0, 0.7]]), "Molecule, "),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_items_but_is_no_list_of_crystals_is_one_row_with_a_reason(given: object, hint: str) -> None:
    """Regression: a file's name was a row for each of its letters, a table one for each column's name."""
    for found in (tiny_predictor()(given).reason, tiny_predictor().predict(given).reason.item()):
        assert re.match(f"not a crystal: found {hint}", found)


def test_an_immutable_structure_is_a_crystal() -> None:
    """Regression: its sites were taken for crystals."""
    assert tiny_predictor()(IStructure.from_sites(NACL.sites)).value == tiny_predictor()(NACL).value


def test_predict_takes_what_a_call_takes() -> None:
    """Regression: one structure, ASE's atoms or a generator ended in an AttributeError or TypeError."""
    predictor = tiny_predictor()
    expected = predictor.predict([NACL]).value
    atoms = bulk("NaCl", "rocksalt", a=5.69, cubic=True)
    for given in (NACL, atoms, iter([NACL]), [atoms], pd.Series([NACL])):
        np.testing.assert_allclose(predictor.predict(given).value, expected, rtol=1e-5)
    assert predictor.predict(["unreadable", NACL]).reason.tolist() == ["unreadable", ""]
