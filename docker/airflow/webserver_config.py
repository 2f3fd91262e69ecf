"""Flask-AppBuilder's settings of Airflow's users: passwords in the database, nobody in without one."""

from flask_appbuilder.const import AUTH_DB

AUTH_TYPE = AUTH_DB
# No AUTH_ROLE_PUBLIC and no self-registration: who has no account sees nothing.
AUTH_USER_REGISTRATION = False
# Guesses at a password.
AUTH_RATE_LIMITED = True
AUTH_RATE_LIMIT = "10 per 20 second"
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
