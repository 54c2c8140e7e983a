"""Sphinx settings. Build offline with ``sphinx-build -W -n -b html docs docs/_build/html``."""

from __future__ import annotations

from posrefund import __version__

project = "posrefund"
project_copyright = "The posrefund authors"
author = "The posrefund authors"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]

myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"posrefund {__version__}"
html_static_path = ["_static"]
html_css_files = ["posrefund.css"]
html_show_sphinx = False

napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_custom_sections = ["Shape", "Units", "Source"]
napoleon_use_ivar = True  # attributes of a dataclass are described once, by its docstring

autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}

# Signatures name types of the standard library and of other rooms in short form; there is no
# inventory to link them to without a network. Full names of ours are still checked.
suppress_warnings = [
    "ref.python"
]  # a short name may be that of two of ours; a name of none still fails
nitpick_ignore_regex = [
    (r"py:.*", r"(?!posrefund\.).*"),
    (r"py:.*", r"posrefund\.(.*\.)?_\w+(\..*)?"),  # a private module or class has no page
]
