"""Pictures: arrays in, matplotlib Figure out. No JAX, no pyplot. A new term of a loss gets its name in `history`."""

from latently.figures.curves import curve_manifold, curve_paths, curve_reconstructions, curve_samples, curves_by_label
from latently.figures.decoded import as_images, completions, interpolations, manifold, reconstructions, restyled
from latently.figures.film import latent_film
from latently.figures.history import terms
from latently.figures.images import are_pictures, image_grid
from latently.figures.ladder import ladder
from latently.figures.latent import Background, codes, prior_match
from latently.figures.outliers import strangest
from latently.figures.player_cards import PlayerCard, players
from latently.figures.predictions import calibration, confusion
from latently.figures.relations import table_relations
from latently.figures.style import in_percent, png, save, svg
from latently.figures.tables import table_reconstructions, table_samples

__all__ = [
    "Background",
    "PlayerCard",
    "are_pictures",
    "as_images",
    "calibration",
    "codes",
    "completions",
    "confusion",
    "curve_manifold",
    "curve_paths",
    "curve_reconstructions",
    "curve_samples",
    "curves_by_label",
    "image_grid",
    "in_percent",
    "interpolations",
    "ladder",
    "latent_film",
    "manifold",
    "players",
    "png",
    "prior_match",
    "reconstructions",
    "restyled",
    "save",
    "strangest",
    "svg",
    "table_reconstructions",
    "table_relations",
    "table_samples",
    "terms",
]
