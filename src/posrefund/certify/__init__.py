"""Certification: what an acquirer asks of a terminal, run against its host, with the evidence. Floor 10."""
