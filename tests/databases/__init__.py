"""Dumps of databases as earlier versions of the program left them."""
