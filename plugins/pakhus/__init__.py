"""Pakhus: webshops, the Rackbeat warehouse and the e-conomic accounts kept in step.

No module below imports Airflow; `dags/`, `plugins/operators/` and `plugins/hooks/` are the only places that do.
"""
