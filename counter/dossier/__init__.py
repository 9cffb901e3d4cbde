"""The papers that a controller owes: notice, longer notice, DPIA annex, record, attestation.

Rule 1: every fact comes from the configuration as it was loaded, from the rules compiled in, from
the ledger and from a report of `counter prove`; none is written by hand into a template.
Rule 2: what only the controller can know stays blank, and is marked; nothing is guessed.
Rule 3: the texts are in `templates/`, one file a document and a language, so that a lawyer edits
them without Python. The same facts stand in both languages.
Rule 4: the same input gives the same bytes; the date is an input.
Rule 5: a document loads nothing: no script, no font, no picture from elsewhere.
"""
