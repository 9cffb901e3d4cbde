"""The attacker: what can be worked out from everything that one device ever published (P9).

Rule 1: it sees released counts, knows every rule, the place and the configuration, and takes any
occupancy at the end of an interval for granted that a history gives it.
Rule 2: it is told more than is published where that makes the sums linear (`doors.py`), so what it
cannot bound nobody can bound with less.
Rule 3: people do not appear or vanish, and no place holds fewer than nobody.
"""
