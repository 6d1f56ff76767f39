"""Speech engine and synthesiser on another machine, by the Wyoming protocol (github.com/OHF-Voice/wyoming)."""
