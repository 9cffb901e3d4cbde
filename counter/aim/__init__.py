"""Aiming a camera without a picture: watch for some minutes, answer in words and a coarse grid.

`witness` sees people and adds up (rings 1 and 2), `answer` says what may be known of it: the same
threshold and rounding as in a release. `watch` opens what a counter opens and brings them together.
"""
