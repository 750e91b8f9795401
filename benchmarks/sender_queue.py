"""10,000 texts through a carrier that has a queue of its own: how full it gets, and how long an alert waits.

    python -m benchmarks.sender_queue                 # a short code: 100 segments a second
    python -m benchmarks.sender_queue --rate 10

The carrier moves so many segments a second and keeps what comes faster in a queue, as Twilio does for each
sender. Time is simulated: waiting moves a clock. The delivery code is the real one, on SQLite. Every so
many texts an alert goes out. Ends with status 1 unless the queue never holds more than a second's worth, and
no alert waits a second.
"""

from __future__ import annotations

import argparse
import sys
import tempfile

from checkin.service import delivery
from checkin.store.migrate import migrate
from tests.service.kit import Chat, load_shipped, new_reader
from tests.service.test_pace_of_sending import paced, queue

MOST_SECONDS = 1.0


def main() -> None:
    """Send, and print what the carrier's queue held."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=100, help="the sender's segments a second")
    parser.add_argument("--alerts", type=int, default=100, help="how many alerts go out meanwhile")
    given = parser.parse_args()
    flow_set = load_shipped()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/checkin.sqlite3"
        migrate(url)
        chat = Chat(url, flow_set, new_reader(flow_set))
        sender = paced(chat, given.rate)
        queue(chat, ["How are you today?"] * given.texts)
        rest, every, sent = chat.app.rest, max(1, given.texts // given.alerts), 0

        def rest_and_alert(seconds: float) -> None:
            nonlocal sent
            rest(seconds)
            if len(sender.waited) >= every * (sent + 1) and sent < given.alerts:
                sent += 1
                queue(chat, ["Alert: somebody would like to hear from you."], "alerts", str(sent))
                delivery.deliver(chat.app, "alerts")

        chat.app.rest = rest_and_alert
        began = chat.clock.now()
        delivery_rounds(chat)
        took = (chat.clock.now() - began).total_seconds()
        chat.close()
    held = max(wait for _, wait in sender.waited)
    waits = [wait for what, wait in sender.waited if what == "Alert"]
    print(f"{given.texts:,} texts at {given.rate:g} segments a second, in {took:,.0f} simulated seconds")
    print(f"  the carrier's queue held at most {held:.2f} s of work, at most {MOST_SECONDS} allowed")
    print(f"  {len(waits)} alerts waited at most {max(waits):.2f} s there, less than {MOST_SECONDS} allowed")
    good = held <= MOST_SECONDS and max(waits) < MOST_SECONDS and len(waits) == given.alerts
    print("  held" if good else "  MISSED")
    sys.exit(0 if good else 1)


def delivery_rounds(chat: Chat) -> None:
    """Look again until nothing is left: a look ends by itself after some minutes."""
    while delivery.deliver(chat.app, "routine"):
        pass


if __name__ == "__main__":
    main()
