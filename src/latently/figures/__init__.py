"""Pictures: arrays in, matplotlib Figure out. No JAX, no pyplot.

The four kinds and where they are:

- `images`: grids, reconstructions, the manifold, interpolations; `tables` for rows that are no images.
- `latent`: codes over the prior; `film`: the same as an animation; `distributions`: codes beside the prior.
- `history`: the terms of the losses.
- `style`: the look they share, and `png` and `save`.
"""

from latently.figures.distributions import prior_match
from latently.figures.film import latent_film
from latently.figures.history import terms
from latently.figures.images import are_pictures, image_grid, interpolations, manifold, reconstructions
from latently.figures.latent import Background, codes
from latently.figures.style import png, save
from latently.figures.tables import table_reconstructions, table_samples

__all__ = [
    "Background",
    "are_pictures",
    "codes",
    "image_grid",
    "interpolations",
    "latent_film",
    "manifold",
    "png",
    "prior_match",
    "reconstructions",
    "save",
    "table_reconstructions",
    "table_samples",
    "terms",
]
