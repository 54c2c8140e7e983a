"""Seeded fuzzing that needs nothing but the package: ``make fuzz``."""
