"""A base station behind an MQTT broker."""
