"""DESIGN sections 2, 5 and 7 as tables, and the walk over the syntax tree that reads them."""
