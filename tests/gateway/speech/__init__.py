"""Tests of gateway.speech."""
