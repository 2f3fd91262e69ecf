"""Backups of a stack and what is made of them again: databases, store, artifacts, specs, over their addresses alone.

It knows no stack: `embedded` and whoever runs servers say where the parts lie.
"""
