"""The words around the settings: heads of the reference page and the default file, and an example of a radio."""

from __future__ import annotations

PAGE_HEAD = """
# Configuration

One TOML file. `huecry` takes the first of these that exists: `--config FILE`, the file named by `$HUECRY_CONFIG`,
`./huecry.toml`, `/etc/huecry/huecry.toml`; without any, the defaults below hold. `config/huecry.toml` is that file with
every default written out and explained; copy it and keep only what you change.

- **Nothing unknown is accepted.** A misspelt key stops the start, with the file, the line, the key, the reason and the
  key that was probably meant: `huecry.toml:12: recorder.preroll_s: there is no such setting (did you mean
  "recorder.pre_roll_s"?)`. All problems are listed at once. The exit code is 2.
- **Relative paths** in the file are meant from the file's own folder.
- **The environment wins over the file**: `HUECRY_` and the key with two underscores between table and name, for instance
  `HUECRY_LOG__LEVEL=debug`. Lists and tables are JSON; all radios together are `HUECRY_RADIO='[{"name": "town", "driver": "line"}]'`.
  An unknown `HUECRY_...` variable is refused like an unknown key.
- **Secrets** (marked *secret text*) belong in files of their own: `KEY_file = "/etc/huecry/KEY"`, readable by the gateway
  alone. Under systemd they come as credentials instead, named by the dotted key (`LoadCredential=secrets.sms_auth_token:...`);
  for a radio the name holds the radio's, `radio.town.password`. A value in the file or the environment wins over both.
  Secrets are never logged; where settings are shown they are stars.

This page is made from the descriptions beside the settings by `python -m gateway.settings_reference`.
"""

FILE_HEAD = """
# Hue and Cry: every setting with its default. Copy this file to /etc/huecry/huecry.toml (or ./huecry.toml), keep what
# you change and delete the rest. A line that begins with # and a key has no default: take the # away to set it.
# Unknown keys are refused, so a slip of the pen is found at the start. Check with: huecry doctor
# The same as a page: docs/configuration.md. Secrets belong in files of their own, readable by the gateway alone.
"""

RADIO_EXAMPLE = """
# The base stations, one [[radio]] table for each channel. There is no default: without one `huecry run` does not start.
# Take the # away from one of these and put in what your station has; every key is in docs/configuration.md.
#
# An analogue base station: sound by a sound card, push-to-talk by a serial port's RTS line, squelch by its DCD line:
#[[radio]]
#name = "town"
#driver = "line"
#[radio.line]
#port = "/dev/huecry-radio"
#ptt = "rts"
#squelch = "dcd"
#sound_in = "USB Audio"
#sound_out = "USB Audio"
#
# A base station behind an MQTT broker; the password is the credential radio.hill.password:
#[[radio]]
#name = "hill"
#driver = "mqtt"
#[radio.mqtt]
#host = "broker.example"
#tls = true
#username = "huecry"
#
# A microphone and a loudspeaker of Rhasspy beside the radio (docs/radios/hermes.md):
#[[radio]]
#name = "annex"
#driver = "hermes"
#[radio.hermes]
#host = "broker.example"
#site = "annex-base"
#
# A channel that trunk-recorder hears (docs/radios/trunk-recorder.md); it only listens:
#[[radio]]
#name = "market"
#driver = "trunk-recorder"
#[radio.trunk_recorder]
#host = "broker.example"
#systems = ["shopwatch"]
#talkgroups = [9001]
#
# Who talks, for the radio above it, from an MMDVMHost that repeats its channel (docs/radios/mmdvm.md):
#[radio.mmdvm]
#host = "broker.example"
#topic = "mmdvm"
#
# Recorders that upload finished calls (trunk-recorder, SDRTrunk, rdio-scanner); their API keys are the credential
# radio.scanner.upload.key:
#[[radio]]
#name = "scanner"
#driver = "upload"
#[radio.upload]
#listen = "0.0.0.0:3000"
#
# A software base station, for drills:
#[[radio]]
#name = "drill"
#driver = "simulator"
#
# Manners on a channel, in seconds, for the radio above it:
#[radio.keying]
#lead_in_s = 0.3
"""

MORE: dict[str, str] = {
    "content.radio_voice": "What is spoken on the air about a person.",
    "content.radio_text": "What radio text messages say about a person.",
    "content.sms": "What text messages to telephones say about a person.",
    "outbox.max_tries": "A delivery that failed this often is given up.",
    "outbox.first_retry_s": "Pause before the second try; it doubles with each further one.",
    "outbox.longest_retry_s": "No pause between tries is longer.",
    "outbox.least_wait_s": "Shortest pause between two looks at the store.",
    "outbox.store_retry_s": "Pause after the store could not be asked.",
    "outbox.sms_at_once": "Text messages handed to Twilio at the same time.",
    "outbox.sms_per_second": "Text messages started a second.",
    "outbox.mqtt_at_once": "MQTT messages on their way at the same time.",
    "outbox.radio_at_once": "Announcements at the same time. One radio channel carries one.",
    "voice.engine": "Who speaks: hibari, piper (optional extra) or espeak; auto takes the best that is installed.",
    "voice.tone": "An attention tone before each announcement.",
    "sms.enabled": "Send text messages at all.",
    "sms.base_url": "Where Twilio's API is; another for another of its regions.",
    "sms.timeout_s": "Twilio must answer within this. Seconds.",
    "mqtt.enabled": "Publish alerts at all.",
    "mqtt.host": "Name or address of the broker.",
    "mqtt.tls": "Encrypt, and check the broker's certificate and name.",
    "mqtt.username": "Empty: the broker lets anyone in. The password is secrets.mqtt_password.",
    "mqtt.keepalive_s": "A dead connection is noticed after about this. Seconds.",
    "mqtt.timeout_s": "The broker must answer within this. Seconds.",
    "mqtt.longest_retry_s": "No pause between two tries to connect is longer. Seconds.",
}
"""Descriptions for keys that have none where they are defined."""
