"""Where a body ends: RFC 9112 §6, RFC 9110 §8.6 and §10.1.1."""

from probes.probe import REFUSED, SMUGGLED, get, probe, query

LENGTH = "RFC 9112 §6.2"
RULES = "RFC 9112 §6.3"
CODING = "RFC 9112 §6.1"
EXPECT = "RFC 9110 §10.1.1"


def length(value, body="{}"):
    return query(body, f"Content-Length: {value}", length=False)


def both(*lines, body="2\r\n{}\r\n0\r\n\r\n"):
    return query(body + SMUGGLED, *lines, length=False)


def coding(*values, body="2\r\n{}\r\n0\r\n\r\n"):
    return query(body, *[f"Transfer-Encoding: {value}" for value in values], length=False)


TWO = "RFC 9110 §8.6"
UNDONE = ("400 close", "501 close")

PROBES = [
    probe("a body by Content-Length", LENGTH, query("{}"), "200 open"),
    probe("Content-Length: 0", LENGTH, length("0", ""), "400 open"),
    probe("leading zeros", LENGTH, length("0000002"), "200 open", "400 close"),
    probe("a sign", LENGTH, length("+2"), *REFUSED),
    probe("a minus", LENGTH, length("-1"), *REFUSED),
    probe("minus zero", LENGTH, length("-0", ""), *REFUSED),
    probe("a point", LENGTH, length("2.0"), *REFUSED),
    probe("an exponent", LENGTH, length("2e0"), *REFUSED),
    probe("hexadecimal", LENGTH, length("0x2"), *REFUSED),
    probe("a letter behind the number", LENGTH, length("2a"), *REFUSED),
    probe("a blank within the number", LENGTH, length("1 2", "{}" + " " * 10), *REFUSED),
    probe("an underscore within the number", LENGTH, length("1_2", "{}" + " " * 10), *REFUSED),
    probe("a value of no number", LENGTH, length("two"), *REFUSED),
    probe("an empty value", LENGTH, length(""), *REFUSED),
    probe("a digit above ASCII", LENGTH, length("\xb2"), *REFUSED),
    probe("quotation marks", LENGTH, length('"2"'), *REFUSED),
    probe("a vertical tab behind the number", LENGTH, length("2\x0b"), *REFUSED),
    probe("2^64 + 2 does not wrap", LENGTH, length("18446744073709551618"), "413 close", "400 close"),
    probe("2^63 does not wrap", LENGTH, length("9223372036854775808"), "413 close", "400 close"),
    probe("a number of 10,000 digits", LENGTH, length("9" * 10_000), "413 close", "400 close", "431 close"),
    probe("2^32 + 2 does not wrap", LENGTH, length("4294967298"), "413 close"),
    probe("a body over the limit is refused before it comes", "RFC 9110 §15.5.14", length("16777217", ""), "413 close"),

    probe("two different Content-Lengths", TWO, query("{}" + SMUGGLED, "Content-Length: 60"), *REFUSED),
    probe("two equal Content-Lengths", TWO, query("{}", "Content-Length: 2"), "400 close", "200 open"),
    probe("a list of equal Content-Lengths", TWO, length("2, 2"), "400 close", "200 open"),
    probe("a list of different Content-Lengths", TWO, length("2, 60"), *REFUSED),
    probe("a list with an empty member", TWO, length("2,"), *REFUSED),
    probe("two Content-Lengths in other letters", TWO, query("{}" + SMUGGLED, "CONTENT-LENGTH: 60"), *REFUSED),
    probe("a Content-Length of 0 before another", TWO,
          query("{}" + SMUGGLED, "Content-Length: 0", "Content-Length: 2", length=False), *REFUSED),

    probe("both framings, Content-Length first", CODING,
          both("Content-Length: 5", "Transfer-Encoding: chunked"), *REFUSED),
    probe("both framings, Transfer-Encoding first", CODING,
          both("Transfer-Encoding: chunked", "Content-Length: 5"), *REFUSED),
    probe("both framings, Content-Length: 0", CODING,
          both("Content-Length: 0", "Transfer-Encoding: chunked"), *REFUSED),
    probe("both framings on a GET", CODING,
          get("/healthz", "Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n" + SMUGGLED, *REFUSED),
    probe("both framings where Connection names Content-Length", CODING,
          both("Connection: Content-Length", "Content-Length: 5", "Transfer-Encoding: chunked"), *REFUSED),
    probe("both framings and Connection: close", CODING,
          both("Connection: close", "Content-Length: 5", "Transfer-Encoding: chunked"), *REFUSED),
    probe("both framings where one is obscured by a blank", CODING,
          both("Content-Length: 5", "Transfer-Encoding : chunked"), *REFUSED),
    probe("both framings where one is obscured by a tab", CODING,
          both("Content-Length: 53", "Transfer-Encoding:\tchunked"), *REFUSED),
    probe("both framings where one is obscured by a NUL", CODING,
          both("Content-Length: 5", "Transfer-Encoding: chunked\0"), *REFUSED),
    probe("both framings where one is obscured by CR", CODING,
          both("Content-Length: 5", "X: a\rTransfer-Encoding: chunked"), *REFUSED),
    probe("both framings where one is obscured by LF", CODING,
          both("Content-Length: 5", "X: a\nTransfer-Encoding: chunked"), *REFUSED),
    probe("both framings where one is unknown", CODING,
          both("Content-Length: 5", "Transfer-Encoding: xchunked"), *UNDONE),
    probe("both framings where one is identity", CODING,
          both("Content-Length: 5", "Transfer-Encoding: identity"), *UNDONE),
    probe("a name that only looks like Transfer-Encoding", CODING,
          query("{}", "Transfer_Encoding: chunked", "Transfer-Encodin\xb3: chunked"), *REFUSED),

    probe("chunked in capitals", "RFC 9112 §7", coding("CHUNKED"), "200 open"),
    probe("blanks around chunked", CODING, coding(" chunked\t"), "200 open"),
    probe("an empty Transfer-Encoding", CODING, coding(""), *UNDONE),
    probe("identity", "RFC 9112 §7", coding("identity"), *UNDONE),
    probe("gzip alone", RULES, coding("gzip"), *UNDONE),
    probe("gzip, chunked", "RFC 9112 §6.1", coding("gzip, chunked"), *UNDONE),
    probe("chunked, gzip", RULES, coding("chunked, gzip"), *UNDONE),
    probe("chunked, identity", RULES, coding("chunked, identity"), *UNDONE),
    probe("chunked twice", "RFC 9112 §7.1", coding("chunked, chunked"), *UNDONE),
    probe("chunked on two lines", "RFC 9112 §7.1", coding("chunked", "chunked"), *UNDONE),
    probe("identity, then chunked on another line", CODING, coding("identity", "chunked"), *UNDONE),
    probe("chunked, then identity on another line", CODING, coding("chunked", "identity"), *UNDONE),
    probe("a comma behind chunked", CODING, coding("chunked,"), "400 close", "501 close", "200 open"),
    probe("a comma before chunked", CODING, coding(",chunked"), "400 close", "501 close", "200 open"),
    probe("a parameter of chunked", "RFC 9112 §7", coding("chunked;a=b"), *UNDONE),
    probe("chunked in quotation marks", CODING, coding('"chunked"'), *UNDONE),
    probe("chunked in apostrophes", CODING, coding("'chunked'"), *UNDONE),
    probe("chunked with a letter more", CODING, coding("chunkedx"), *UNDONE),
    probe("chunked with a vertical tab", CODING, coding("\x0bchunked"), *UNDONE),
    probe("chunked with a form feed", CODING, coding("chunked\x0c"), *UNDONE),
    probe("chunked with a byte above ASCII", CODING, coding("chun\xebed"), *UNDONE),
    probe("chunked with a no-break space", CODING, coding("chunked\xa0"), *UNDONE),
    probe("Transfer-Encoding in HTTP/1.0", CODING,
          query("2\r\n{}\r\n0\r\n\r\n", "Transfer-Encoding: chunked", version="HTTP/1.0", length=False), *REFUSED),
    probe("Content-Encoding: gzip", "http-api.md §12.1", query("{}", "Content-Encoding: gzip"), "415 open", "415 close"),

    probe("a GET with a body", "RFC 9110 §9.3.1", get("/healthz", f"Content-Length: {len(SMUGGLED)}") + SMUGGLED,
          "200 open", "200 close", "400 close"),
    probe("a HEAD with a body", "RFC 9110 §9.3.2",
          get("/healthz", f"Content-Length: {len(SMUGGLED)}", "Connection: close", method="HEAD") + SMUGGLED,
          "200 close", "400 close"),
    probe("an OPTIONS with a body", "RFC 9110 §9.3.7",
          get("/events", f"Content-Length: {len(SMUGGLED)}", method="OPTIONS") + SMUGGLED, "204 open", "204 close"),
    probe("a DELETE with a body", "RFC 9110 §9.3.5",
          get("/subscribers/none", f"Content-Length: {len(SMUGGLED)}", method="DELETE") + SMUGGLED,
          "404 open", "404 close", "400 close"),
    probe("a body for an unknown path", RULES,
          f"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n" + SMUGGLED,
          "404 open", "404 close"),
    probe("a body for a method that the path does not have", RULES,
          f"POST /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(SMUGGLED)}\r\n\r\n" + SMUGGLED,
          "405 open", "405 close"),
    probe("a body of another type", RULES, query(SMUGGLED, "Content-Type: text/plain"), "415 open", "415 close"),
    probe("a body that is a request", RULES, query(SMUGGLED), "400 open"),
    probe("a body in single bytes", RULES, [letter for letter in query('{"first": 0}')], "200 open"),
    probe("a POST without a length has no body", RULES, query("", length=False), "400 open", "411 open"),
    probe("what follows a POST without a length is a request", RULES, query("", length=False) + get(), "400 200 open"),
    probe("one byte more than Content-Length", RULES, query("{}", length=True) + "X", "200 400 close", "200 501 close"),
    probe("fewer bytes than Content-Length wait", RULES, length("10"), "wait", has_marker=False),
    probe("fewer bytes than Content-Length, and the end", "RFC 9112 §8", length("10"), "400 close", "close",
          has_marker=False, ends_sending=True),
    probe("an unfinished head, and the end", "RFC 9112 §8", "GET /healthz HTTP/1.1\r\nHost: loc", "400 close", "close",
          has_marker=False, ends_sending=True),
    probe("a whole request, and the end", "RFC 9112 §9.6", get(), "200 close", has_marker=False, ends_sending=True),
    probe("a write cut short writes nothing", "RFC 9112 §8",
          'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n{"events":[{"aggregator_type":"cut",'
          '"aggregator_id":"a","name":"n"}]}', "400 close", "close", has_marker=False, ends_sending=True),

    probe("Expect: 100-continue and a body", EXPECT, query("{}", "Expect: 100-continue"), "200 open"),
    probe("Expect: 100-Continue in other letters", EXPECT, query("{}", "Expect: 100-Continue"), "200 open"),
    probe("Expect of something else", "RFC 9110 §15.5.18", query("{}", "Expect: 200-ok"), "417 close", "417 open"),
    probe("an empty Expect", EXPECT, query("{}", "Expect:"), "417 close", "417 open", "200 open"),
    probe("Expect with two expectations", EXPECT, query("{}", "Expect: 100-continue, 200-ok"), "417 close", "417 open"),
    probe("Expect twice, one unknown", EXPECT, query("{}", "Expect: 100-continue", "Expect: tea"), "417 close", "417 open"),
    probe("Expect: 100-continue without a body", EXPECT, get("/healthz", "Expect: 100-continue"), "200 open"),
    probe("Expect in HTTP/1.0 is ignored", EXPECT,
          query("{}", "Expect: 100-continue", version="HTTP/1.0"), "200 close", has_marker=False),
    probe("Expect and a body that is refused", EXPECT,
          length("16777217", "").replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"), "413 close"),
    probe("Expect, a refusal, and then a request in place of the body", EXPECT,
          ["POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\nExpect: 100-continue\r\n\r\n", SMUGGLED],
          "404 close", "404 open", pause=0.3),
]
