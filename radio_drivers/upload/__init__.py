"""Recorders that upload finished calls over HTTP, as rdio-scanner takes them: trunk-recorder, SDRTrunk and others."""
