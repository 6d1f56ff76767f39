"""The store: tables, migrations and the questions asked of them. Begin at `dispatch.store.store`."""
