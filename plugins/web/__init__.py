"""The pages in Airflow's own web UI: which model is in force and why, and the buttons that people need."""
