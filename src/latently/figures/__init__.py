"""Pictures: arrays in, matplotlib Figure out. No JAX, no pyplot.

The five kinds and where they are:

- `images`: grids, reconstructions, the manifold, interpolations; `restyled`: one style under every label; `views`: a
  missing view completed; `tables` for rows that are no images.
- `latent`: codes over the prior; `film`: the same as an animation; `distributions`: codes beside the prior.
- `predictions`: confusions and calibration of a classifier.
- `history`: the terms of the losses.
- `style`: the look they share, and `png` and `save`.
"""

from latently.figures.distributions import prior_match
from latently.figures.film import latent_film
from latently.figures.history import terms
from latently.figures.images import are_pictures, image_grid, interpolations, manifold, reconstructions
from latently.figures.latent import Background, codes
from latently.figures.predictions import calibration, confusion
from latently.figures.restyled import restyled
from latently.figures.style import png, save
from latently.figures.tables import table_reconstructions, table_samples
from latently.figures.views import as_images, completions

__all__ = [
    "Background",
    "are_pictures",
    "as_images",
    "calibration",
    "codes",
    "completions",
    "confusion",
    "image_grid",
    "interpolations",
    "latent_film",
    "manifold",
    "png",
    "prior_match",
    "reconstructions",
    "restyled",
    "save",
    "table_reconstructions",
    "table_samples",
    "terms",
]
