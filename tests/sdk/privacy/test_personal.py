"""Personal data is found by shape and check digit, in the spellings people use; numbers that are none stay."""

from __future__ import annotations

import pytest

from suffice.privacy.personal import Found, find_personal, is_card, is_iban


def found(text: str) -> list[tuple[str, str, str]]:
    return [(each.kind, text[each.start : each.end], each.value) for each in find_personal(text)]


@pytest.mark.parametrize(
    ("text", "kind", "stands", "value"),
    [
        ("Mail bob@example.com.", "email", "bob@example.com", "bob@example.com"),
        ("Bob.O'Neil+x@Mail.Example.co.uk,", "email", "Bob.O'Neil+x@Mail.Example.co.uk", "bob.o'neil+x@mail.example.co.uk"),
        ("<jörg@müller.de>", "email", "jörg@müller.de", "jörg@müller.de"),
        ("?email=bob%40example.com&x=1", "email", "bob%40example.com", "bob@example.com"),
        ("it broke off: bob@exam", "email", "bob@exam", "bob@exam"),
        (r"a\nbob@example.com", "email", "bob@example.com", "bob@example.com"),
        ("call +49 171 2345678 now", "phone", "+49 171 2345678", "+491712345678"),
        ("call +1 (415) 555-2671", "phone", "+1 (415) 555-2671", "+14155552671"),
        ("+4915112345678", "phone", "+4915112345678", "+4915112345678"),
        ("0049 171 2345678", "phone", "0049 171 2345678", "00491712345678"),
        ("(415) 555-2671", "phone", "(415) 555-2671", "4155552671"),
        ("415-555-2671", "phone", "415-555-2671", "4155552671"),
        ("415.555.2671", "phone", "415.555.2671", "4155552671"),
        ("0171 2345678", "phone", "0171 2345678", "01712345678"),
        ("030/12345678", "phone", "030/12345678", "03012345678"),
        ("020 7946 0958", "phone", "020 7946 0958", "02079460958"),
        ("my phone number is 4155552671.", "phone", "4155552671", "4155552671"),
        ("(+49 171 2345678)", "phone", "+49 171 2345678", "+491712345678"),
        ("(415-555-2671)", "phone", "415-555-2671", "4155552671"),
        (r"a\n203.0.113.7\n", "ip", "203.0.113.7", "203.0.113.7"),
        (r"a\nfd00:1:2:3::7\n", "ip", "fd00:1:2:3::7", "fd00:1:2:3::7"),
        ("userPhone: 4155552671", "phone", "4155552671", "4155552671"),
        ("4111 1111 1111 1111", "card", "4111 1111 1111 1111", "4111111111111111"),
        ("4111 1111 1111 1111 12/27, 123", "card", "4111 1111 1111 1111", "4111111111111111"),
        ("+49 171 2345678 1234 5678 9", "phone", "+49 171 2345678", "+491712345678"),
        ("4111-1111-1111-1111", "card", "4111-1111-1111-1111", "4111111111111111"),
        ("card378282246310005", "card", "378282246310005", "378282246310005"),
        ("DE89 3704 0044 0532 0130 00 and", "iban", "DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
        ("de89370400440532013000", "iban", "de89370400440532013000", "DE89370400440532013000"),
        ("GB82WEST12345698765432", "iban", "GB82WEST12345698765432", "GB82WEST12345698765432"),
        ("from 10.2.3.4:80", "ip", "10.2.3.4", "10.2.3.4"),
        ("203.0.113.7.", "ip", "203.0.113.7", "203.0.113.7"),
        ("[2001:db8:85a3::8a2e:370:7334]:80", "ip", "2001:db8:85a3::8a2e:370:7334", "2001:db8:85a3::8a2e:370:7334"),
        ("fe80::1%eth0", "ip", "fe80::1", "fe80::1"),
        ("::ffff:192.168.1.5", "ip", "::ffff:192.168.1.5", "::ffff:c0a8:105"),
        ("2001:db8::1, and", "ip", "2001:db8::1", "2001:db8::1"),
    ],
)  # fmt: skip
def test_found(text: str, kind: str, stands: str, value: str) -> None:
    assert found(text) == [(kind, stands, value)]


@pytest.mark.parametrize(
    "text",
    [
        "2024-08-06 12:30:45",
        "09-11-2024",
        "05/06/2024 10:20",
        "from 12:30:45 to 23:59:59.123456",
        "1,234,567.89 USD",
        "3.14159265358979323846",
        "version 1.2.3.4 of it",
        "v10.0.1.2",
        "1.2.3",
        "localhost 127.0.0.1 and ::1 and 0.0.0.0",
        "std::vector<int> a[1::2] x::y",
        "123e4567-e89b-12d3-a456-426614174000",
        "order 1234567812345678",  # Luhn says no
        "ticket 100200300400",
        "0000 0000 0000 0000",
        "claude-3-5-sonnet-20241022",
        "DE89370400440532013001",  # modulo 97 says no
        "AB12 3456 7890 1234",
        "@decorator and me @ work",
        "pages 10-20, 100-200 and 1990-1999",
        "score 10:20 in 2020:21",
        "1e10 + 5 = 7; (1 + 2) * 3",
        "4111111111111111e5",
        "[0, 1, 2, 3, 4, 5, 6, 7]",
        '{"Headphones": "6992792935"}',
        r"operations\n+@app.route(1)",
        '{"Smartphone": "1801728040"}',
        "deadbeef:cafe",
        "a 2x2 matrix ( 1 2 3 4 5 6 7 8 )",
    ],
)
def test_left_alone(text: str) -> None:
    assert found(text) == []


def test_several_stand_in_order_and_apart() -> None:
    text = "a@b.com, 10.1.1.1 and a@b.com"
    assert list(find_personal(text)) == [
        Found(0, 7, "email", "a@b.com"),
        Found(9, 17, "ip", "10.1.1.1"),
        Found(22, 29, "email", "a@b.com"),
    ]


def test_check_digits() -> None:
    assert is_card("5555555555554444")
    assert not is_card("5555555555554445")
    assert not is_card("9" * 16)
    assert is_iban("FR1420041010050500013M02606")
    assert not is_iban("FR1420041010050500013M02607")
    assert not is_iban("ZZ89370400440532013000")
