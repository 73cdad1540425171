"""A page that holds a fitted model itself, and computes whatever is asked of it where it is opened."""
