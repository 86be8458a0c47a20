"""What maintainers run, by `make` or as ``python -m tools.NAME``."""
