"""Compare settings with live systems, reading only: one file per system; each returns what it found."""
