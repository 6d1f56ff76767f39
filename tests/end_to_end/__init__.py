"""The whole gateway as a process of its own: guards talk on a software channel, Twilio's counterpart remembers."""
