"""What `counter models` does: list, verify, fetch and export what the registry names.

Rule 1: the only addresses that are opened for a model are opened here, and ultralytics' export is
called here alone. This package stands above all that `counter run` is made of, so the appliance
cannot import it (tests/architecture/table.py): it downloads nothing.
Rule 2: a file gets its final name only after its sha256 was found to be the registry's.
"""
