"""The stack on one machine: PostgreSQL, MLflow and Airflow under one supervisor, without Docker or root.

Nothing of the product imports this folder; production runs the same code on servers of its own.
"""
