"""A base station behind Rhasspy's Hermes protocol: a microphone and a loudspeaker on an MQTT broker."""
