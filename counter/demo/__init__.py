"""`counter demo`: the main job on drawn people, with a broker of its own and a table to look at.

Not part of the appliance: `run` imports nothing from here.
"""
