"""A component's program: one module of its scripts, its style and its texts, and the little loader that gets it.

Streamlit sends a component's script again at every run; so it is given the loader alone, and the
browser gets the module once, under an address that bears a digest of its content.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from explorer.ui.addresses import public_address

LOADER = Path(__file__).with_name("loader.js")


@dataclass(frozen=True)
class Program:
    """What the browser runs of a component; the last script exports `mount(root, component)` and `unmount(root)`.

    Args:
        name: in its address, and the class of its root element; the first item of the component's data has the root's
            `height` until the program is there, a length in CSS.
        title: what a person calls it, at the beginning of a sentence.
        folder: where its files are.
        scripts: names of files, in the order in which they are run.
        style: name of the file with its style.
        texts: names of files by the constants that hold them in the scripts.
    """

    name: str
    title: str
    folder: Path
    scripts: tuple[str, ...]
    style: str
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def file_name(self) -> str:
        """What the module is called in its address: another content has another name."""
        return f"{self.name}-{hashlib.blake2b(self.module.encode(), digest_size=8).hexdigest()}.js"

    @property
    def module(self) -> str:
        """The text of the module: style and texts as constants, then the scripts in their order."""
        return _module(self)

    @property
    def loader(self) -> str:
        """The text that Streamlit sends with every run."""
        told = {"ADDRESS": public_address(f"program/{self.file_name}"), "NAME": self.name, "TITLE": self.title}
        text = LOADER.read_text("utf-8")
        for name, value in told.items():
            text = text.replace(f'"%{name}%"', json.dumps(value))
        return text

    def component(self, attributes: str = "") -> ComponentRenderer:
        """Register the component with Streamlit; to be kept.

        Args:
            attributes: of its root element, as HTML.
        """
        html = f'<div class="{self.name}" {attributes}></div>'
        return st.components.v2.component(f"latent_explorer_{self.name}", html=html, js=self.loader)


@cache
def _module(program: Program) -> str:
    constants = (("STYLE", program.style), *program.texts)
    told = [f"export const {name} = {json.dumps(_text(program, file))};" for name, file in constants]
    return "\n".join([*told, *(_text(program, file) for file in program.scripts)])


def _text(program: Program, file: str) -> str:
    return (program.folder / file).read_text("utf-8")
