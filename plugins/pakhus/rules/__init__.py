"""Money, VAT, rounding, matching, states and mappings; pure functions."""
