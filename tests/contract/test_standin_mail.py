"""The mail stand-in: takes mails by SMTP, shows them over HTTP, and refuses or loses them when told to."""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from standin.clock import Clock
from standin.registry import create, default_seed
from standin.server import StandinServer


@pytest.fixture
def mail() -> Iterator[StandinServer]:
    with StandinServer(create("mail", "mail", default_seed("mail"), {}, Clock())) as server:
        yield server


def send(server: StandinServer, subject: str = "Hæld", html: str = "") -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@pakhus.example", "b@x.example, c@x.example"
    message.set_content(html or "plain text", subtype="html" if html else "plain")
    smtp = server.dump()["smtp"]
    with smtplib.SMTP(smtp["host"], smtp["port"], timeout=10) as client:
        client.send_message(message)


def test_shows_what_it_took(mail: StandinServer) -> None:
    send(mail)
    send(mail, html="<p>One &amp; two<br>\n<a href='http://x/'>http://x/</a></p>")
    first, second = mail.dump()["mails"]
    assert (first["number"], first["subject"], first["text"]) == (1, "Hæld", "plain text")
    assert (first["from"], first["to"]) == ("a@pakhus.example", ["b@x.example", "c@x.example"])
    assert second["text"] == "One & two\nhttp://x/"


@pytest.mark.parametrize(("answer", "code"), [("refuse", 550), ("refuse_for_now", 451)])
def test_refuses_when_told_to_and_keeps_nothing(mail: StandinServer, answer: str, code: int) -> None:
    mail.configure({"answer": answer})
    with pytest.raises(smtplib.SMTPDataError) as refused:
        send(mail)
    assert refused.value.smtp_code == code
    assert mail.dump()["mails"] == []


def test_loses_its_answer_when_told_to_but_has_the_mail(mail: StandinServer) -> None:
    mail.configure({"answer": "lose"})
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(mail)
    assert len(mail.dump()["mails"]) == 1


def test_goes_back_to_a_snapshot_and_to_the_beginning(mail: StandinServer) -> None:
    send(mail)
    before = mail.snapshot()
    send(mail)
    mail.restore(before)
    assert len(mail.dump()["mails"]) == 1
    mail.reset()
    assert mail.dump()["mails"] == []


def test_refuses_a_switch_that_it_does_not_have(mail: StandinServer) -> None:
    with pytest.raises(ValueError, match="answer is one of accept, refuse"):
        mail.configure({"answer": "sulk"})
