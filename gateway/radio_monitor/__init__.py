"""`huecry radio monitor`: one radio, live."""
