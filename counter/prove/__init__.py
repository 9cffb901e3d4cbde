"""Is it so on this machine? A marked film goes through the real loop, and then it is looked for.

Rule 1: the first line of proof is that nothing is written and that every byte sent has a grammar;
searching for pictures is the second, because a picture can be kept in more ways than are known.
Rule 2: a search that finds nothing says nothing unless the same search finds what was planted.
Rule 3: the report says what was tried and what was not. It never says that a leak cannot be.
"""
