"""Decides and tells: reading, matching, the register, policy, outbox, wording, channels and receipts."""
