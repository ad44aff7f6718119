"""The order of work of each flow: read, plan, record, write, record."""
