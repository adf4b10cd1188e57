import pytest

from explorer.settings import load_settings
from explorer.ui.images import Images
from explorer.workflows.runs import load_items, open_run


@pytest.mark.parametrize(("name", "kind"), [("bodies-structured", "Body"), ("digits-vae", "Image")])
def test_items_are_called_what_they_are(name, kind):
    card = open_run(name, load_settings()).card
    images = Images(card, lambda: load_items(card, load_settings()))
    assert images.kind == kind
    assert (images.scale is not None and images.scale.faces is not None) == (kind == "Body")
