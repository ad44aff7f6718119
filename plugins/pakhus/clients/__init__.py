"""HTTP: sessions, authentication, pages, budgets, retries and errors; one file per system."""
