"""From one place of the latent space to another, with what the decoder makes of the way and what is real beside it."""

from explorer.ui import gallery, layout, morphing

gallery.style()
run = layout.run_in_use()
if run is not None:
    morphing.show(run)
