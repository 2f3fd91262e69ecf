"""Trainyard: the loop, its gates, its records, its decisions. Start at `flow.py`."""
