"""Policies of retraining, replayed over history outside of Airflow: what each would have been worth, and cost."""
