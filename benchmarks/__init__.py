"""How fast the engine is beside other tools, and how far from metafor."""
