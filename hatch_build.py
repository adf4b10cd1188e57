"""Put what lives beside the package into the wheel: pages, checkpoints, Streamlit's configuration.

Hatchling's own force-include would also copy them into an editable install, where they grow stale.
"""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

CARRIED = {
    "pages": "explorer/pages",
    "models": "explorer/models",
    ".streamlit/config.toml": "explorer/.streamlit/config.toml",
}


class CustomBuildHook(BuildHookInterface[Any]):
    """Adds the carried folders to a standard wheel, and nothing to an editable one."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it builds; `version` is "standard" or "editable"."""
        if version != "standard":
            return
        here = {source: target for source, target in CARRIED.items() if (Path(self.root) / source).exists()}
        build_data["force_include"].update({str(Path(self.root) / source): target for source, target in here.items()})
