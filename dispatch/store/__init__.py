"""The store: tables, migrations and the questions asked of them."""
