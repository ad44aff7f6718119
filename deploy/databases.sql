-- Two databases in one server, each with a role of its own that has no way into the other. The image of PostgreSQL
-- runs this once, when the server has no data yet; the passwords come from its environment.
\set ON_ERROR_STOP on
\getenv airflow_password PAKHUS_AIRFLOW_DATABASE_PASSWORD
\getenv ledger_password PAKHUS_LEDGER_DATABASE_PASSWORD

create role airflow login password :'airflow_password';
create role ledger login password :'ledger_password';
create database airflow owner airflow;
create database ledger owner ledger;
revoke all on database airflow, ledger, postgres, template1 from public;
