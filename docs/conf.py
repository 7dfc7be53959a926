"""The documentation site: `python -m sphinx -W docs site`, after `uv pip install --group docs`."""

from typing import Any

import paraisite

project = "ParAIsite"
author = "The ParAIsite authors"
release = version = paraisite.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx.ext.viewcode"]
source_suffix = {".md": "myst-nb", ".ipynb": "myst-nb"}
nb_execution_mode = "off"  # outputs are stored; the tests run the cells
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3

# Signatures tell the types; the modules are imported as they are, with TensorFlow and MLflow.
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # dataclasses' fields are described once

html_theme = "furo"
html_show_copyright = False  # the licence says it; the theme would show the sign alone
html_title = "ParAIsite"
# Nothing is loaded from the web, so that the site can be read offline.
html_static_path = ["_static"]
html_css_files = ["site.css"]


def setup(app: Any) -> None:
    """Escape what docstrings write plainly and reStructuredText reads as markup: |error|, np.str_."""

    def escape(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
        lines[:] = [line.replace("|", r"\|").replace("str_]", r"str\_]") for line in lines]

    app.connect("autodoc-process-docstring", escape)
