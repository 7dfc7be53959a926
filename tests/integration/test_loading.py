"""What verbs load, what a terminal shows meanwhile, and what a pipe does not."""

import ast
import os
import pty
import subprocess
import sys

from tests.conftest import ROOT

COMMAND = [sys.executable, "-m", "paraisite", "figure", "learning-curves"]
REFUSAL = "name a recipe that was trained here"


def test_a_terminal_shows_that_packages_load() -> None:
    """Some verbs were silent for five seconds."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(COMMAND, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs) as running:
        os.close(theirs)
        shown = b""
        try:
            while part := os.read(ours, 65536):
                shown += part
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    text = shown.decode()
    assert running.returncode == 2
    assert text.index("Loading") < text.index(REFUSAL)


def test_every_verb_loads_its_workflow_below_that_line() -> None:
    """The paper's three steps were silent for a quarter of a minute."""
    for file in (ROOT / "paraisite" / "cli").glob("*.py"):
        tree = ast.parse(file.read_text())
        shown = {
            id(statement)
            for block in ast.walk(tree)
            if isinstance(block, ast.With) and "show_work" in ast.unparse(block.items[0])
            for statement in block.body
        }
        for statement in ast.walk(tree):
            if isinstance(statement, ast.ImportFrom) and str(statement.module).startswith("paraisite.workflows"):
                assert id(statement) in shown, f"{file.name}, line {statement.lineno}"


def test_a_pipe_holds_nothing_of_it_and_drawing_loads_no_tensorflow() -> None:
    program = (
        "import sys\nfrom paraisite.__main__ import main\n"
        f"sys.argv[1:] = {COMMAND[3:]!r}\n"
        "try:\n    main()\nexcept SystemExit:\n    print('tensorflow' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert REFUSAL in done.stderr
    assert "Loading" not in done.stderr + done.stdout
    assert done.stdout.strip() == "False"


WITHOUT_NETWORKS = (
    "cross_validate", "compare", "overlap", "release", "replay", "report", "select", "statistics", "verify",
)  # fmt: skip


def test_verbs_that_train_no_network_load_no_tensorflow() -> None:
    """Nine verbs took it along with a table of results, and made their reader wait for it."""
    imports = "\n".join(f"import paraisite.workflows.{name}" for name in WITHOUT_NETWORKS)
    program = f"import sys\n{imports}\nprint('tensorflow' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_screening_begins_without_what_refining_and_data_sets_need() -> None:
    """Each of these takes a good part of a second, structure types five: it was ten before the first row."""
    slow = ("tensorflow", "scipy.stats", "sklearn", "pydantic", "requests", "pymatgen.analysis.prototypes")
    program = f"import sys\nimport paraisite.workflows.screen\nprint([name for name in {slow} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
