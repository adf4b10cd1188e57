"""Where the pages, the shipped checkpoints and the entry script lie.

In a checkout (and an editable install, which is one) they lie beside the package; a wheel carries
them inside it.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def root() -> Path:
    """The folder that holds `pages` and `models`: the checkout if there is one, else the package."""
    checkout = PACKAGE.parent
    return checkout if (checkout / "streamlit_app.py").is_file() else PACKAGE


def pages() -> Path:
    """The folder of the page files."""
    return root() / "pages"


def models() -> Path:
    """The folder of the shipped runs."""
    return root() / "models"


def entry_script() -> Path:
    """The script for `streamlit run`; Streamlit's configuration lies beside it."""
    script = root() / "streamlit_app.py"
    return script if script.is_file() else PACKAGE / "asgi.py"


def ui_script() -> Path:
    """The script that Streamlit runs for every session."""
    return PACKAGE / "ui" / "app.py"
