"""The text that says what to do next."""

from paraisite.dft_inputs.instructions import format_instructions
from paraisite.dft_inputs.settings import find_conventional_cell, plan_calculation
from tests.graphs.crystals import rocksalt

CELL = find_conventional_cell(rocksalt())


def test_the_commands_of_each_program_are_there() -> None:
    text = format_instructions("NaCl", plan_calculation(CELL, with_nac=True), {"vasp": 148, "qe": 148})
    assert "148 in all" in text
    assert text.count("phono3py-load phono3py_disp.yaml --mesh 19 19 19 --br --ts 300\n") == 2
    assert "phonopy-vasp-born" in text
    assert "phonopy-qe-born" in text
    assert "PBE [phonondb" in text


def test_without_the_correction_phono3py_gets_the_option() -> None:
    text = format_instructions("NaCl", plan_calculation(CELL, with_nac=False), {"vasp": 148})
    assert "--ts 300 --nonac" in text
    assert "BORN" not in text.replace("with BORN", "")
    assert "--calculator vasp --no-nac" in text
    assert "Quantum ESPRESSO (in qe/)" not in text
