"""Base stations: transports, protocols, signalling, simulators. Knows nothing of what is said."""
