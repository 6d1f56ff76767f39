"""An MMDVMHost beside another base station of the same channel: who talks, from where, how strong."""
