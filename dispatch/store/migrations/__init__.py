"""The schema's history, one file a step. They never import the tables: those move on, history does not."""
