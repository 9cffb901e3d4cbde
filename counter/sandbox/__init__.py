"""The wall: rights are given up in two stages, and then it is tried whether they are gone."""
