#!/bin/bash
# A database and a role of the same name for each of Airflow, MLflow and Feast, and a role that only looks at figures.
# Run at every start: what is there stays, passwords become those of .env. Passwords reach psql by its environment.
set -euo pipefail

for name in airflow mlflow feast; do
  psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --set=name="$name" --dbname=postgres <<'SQL'
SELECT upper(:'name') || '_DB_PASSWORD' AS variable \gset
\getenv password :variable
SELECT format('CREATE ROLE %I LOGIN', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"name" TO :"name";
SQL
done

psql --quiet --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres <<'SQL'
\getenv password MONITOR_DB_PASSWORD
SELECT 'CREATE ROLE monitor LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'monitor') \gexec
ALTER ROLE monitor WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD :'password';
GRANT pg_monitor TO monitor;
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
GRANT CONNECT ON DATABASE postgres TO monitor;
SQL
echo "databases airflow, mlflow and feast are there, each for its own role"
