"""Lists that a scheme keeps in spreadsheets, read strictly: register, members, places. Bytes in, values out."""
