"""Counterparts for tests: real servers started on free ports, and software peers that speak real protocols."""
