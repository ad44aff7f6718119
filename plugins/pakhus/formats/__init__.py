"""Remote JSON and XML to our objects and back, one file per system; pure functions."""
