"""trunk-recorder's calls, as its MQTT plugin publishes them."""
