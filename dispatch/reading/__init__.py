"""What a transmission means, read by rules that explain themselves."""
