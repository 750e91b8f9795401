"""The conversations that every deployment must hold in the same words and with the same outcome."""

from __future__ import annotations

from tests.acceptance.people import Circle


def bob_answers(circle: Circle) -> None:
    """The evening's check-in finds Alice low; she asks for somebody, and Bob takes it."""
    alice, bob, deployment = circle.alice, circle.bob, circle.deployment
    circle.join()
    deployment.until("17:00")
    alice.reads("Hi Alice, it's Harbor Circle. How are you feeling today, …")
    alice.writes("2")
    alice.reads("Thank you for telling me. …YES or NO")
    alice.writes("yes please")
    alice.reads("In 5 minutes I will ask Bob to get in touch. …")
    bob.has_nothing_to_read()
    deployment.pass_time(minutes=5)
    bob.reads("Harbor Circle: Alice would like to hear from you today. …Reply 1 if you can, 2 if not.")
    alice.reads("I texted Bob at …")
    bob.writes("1")
    bob.reads("Thank you. I told Alice that you will be in touch. …")
    alice.reads("Bob answered at … and will get in touch with you. …")
    deployment.until("17:00")
    alice.reads("Hi Alice, it's Harbor Circle. How are you feeling today, …")
    alice.writes("4")
    alice.reads("Good to hear, Alice. Talk to you soon.")
    deployment.until("17:30")
    alice.reads("Hi Alice. You asked for support. Did someone get in touch with you? YES or NO")
    alice.writes("yes")
    alice.reads("Good. I have closed your request. …")
    alice.reads("I'm glad. …")


def nobody_answers_but_dana(circle: Circle) -> None:
    """Alice asks for support by herself; Bob is silent, Carmen can't, Dana takes it, and everybody hears."""
    alice, bob, carmen, dana = circle.phones
    deployment = circle.deployment
    circle.join()
    alice.writes("SUPPORT")
    alice.reads("In 5 minutes I will ask Bob to get in touch. …")
    deployment.pass_time(minutes=5)
    bob.reads("Harbor Circle: Alice would like to hear from you today. …")
    alice.reads("I texted Bob at …")
    deployment.pass_time(minutes=30)
    carmen.reads("Harbor Circle: Alice would like to hear from you today. …")
    alice.reads("So that you don't wait, I have now asked Carmen. …")
    deployment.pass_time(minutes=30)
    dana.reads("Harbor Circle: Alice asks for a person. Please call +12025550101. …")
    alice.reads("I told Dana from our staff at …")
    carmen.writes("2")
    carmen.reads("Thank you for telling us. …")
    dana.writes("1")
    dana.reads("Thank you. I told Alice that you will be in touch. …")
    alice.reads("Dana answered at … and will get in touch with you. …")
    bob.reads("Harbor Circle: Dana is getting in touch with Alice. …")
    carmen.reads("Harbor Circle: Dana is getting in touch with Alice. …")
