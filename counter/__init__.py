"""A people counter that looks, counts and forgets."""

__version__ = "0.1.0"
