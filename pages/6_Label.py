"""Label: the model asks about the items that it can learn most from, and no label is lost."""

from explorer.ui import gallery, labeling

gallery.style()
labeling.show()
