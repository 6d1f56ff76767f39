"""Ways to tell people: radio voice, radio text, SMS, MQTT. Only these touch the outside."""
