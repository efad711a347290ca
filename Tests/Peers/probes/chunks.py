"""Chunked bodies: RFC 9112 §7.1."""

from probes.probe import REFUSED, SMUGGLED, chunked, get, probe

CHUNK = "RFC 9112 §7.1"
EXTENSION = "RFC 9112 §7.1.1"
TRAILER = "RFC 9112 §7.1.2"
END = "\r\n0\r\n\r\n"


def size(text):
    return chunked(f"{text}\r\n{{}}" + END)


PROBES = [
    probe("one chunk", CHUNK, size("2"), "200 open"),
    probe("a chunk for each byte", CHUNK, chunked("1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"), "200 open"),
    probe("chunks in single bytes", CHUNK, [letter for letter in size("2")], "200 open"),
    probe("no chunk but the last", CHUNK, chunked("0\r\n\r\n"), "400 open"),
    probe("leading zeros", CHUNK, size("000002"), "200 open", "400 close"),
    probe("17 leading zeros", CHUNK, size("0" * 17 + "2"), "200 open", "400 close"),
    probe("10,000 leading zeros", CHUNK, size("0" * 10_000 + "2"), "400 close", "413 close"),
    probe("a last chunk of many zeros", CHUNK, chunked("2\r\n{}\r\n0000\r\n\r\n"), "200 open", "400 close"),
    probe("hexadecimal in capitals", CHUNK, chunked("A\r\n{        }" + END), "200 open"),
    probe("hexadecimal in small letters", CHUNK, chunked("a\r\n{        }" + END), "200 open"),
    probe("a sign", CHUNK, size("+2"), *REFUSED),
    probe("a minus", CHUNK, size("-2"), *REFUSED),
    probe("0x before the size", CHUNK, size("0x2"), *REFUSED),
    probe("0X before a last chunk", CHUNK, chunked("2\r\n{}\r\n0x0\r\n\r\n"), *REFUSED),
    probe("a blank before the size", CHUNK, size(" 2"), *REFUSED),
    probe("a blank behind the size", CHUNK, size("2 "), "400 close", "200 open"),
    probe("a tab behind the size", CHUNK, size("2\t"), "400 close", "200 open"),
    probe("an empty size", CHUNK, size(""), *REFUSED),
    probe("a size of other letters", CHUNK, size("g"), *REFUSED),
    probe("an underscore within the size", CHUNK, size("0_2"), *REFUSED),
    probe("a digit above ASCII", CHUNK, size("\xb2"), *REFUSED),
    probe("a size in quotation marks", CHUNK, size('"2"'), *REFUSED),
    probe("a point", CHUNK, size("2.0"), *REFUSED),
    probe("a size of 2^64 + 2 does not wrap", CHUNK, size("10000000000000002"), "400 close", "413 close"),
    probe("a size of 2^63 does not wrap", CHUNK, size("8000000000000002"), "400 close", "413 close"),
    probe("a size of 2^63 - 1 is no addition that wraps", CHUNK, size("7fffffffffffffff"), "400 close", "413 close", "wait"),
    probe("a size of 2^32 + 2 does not wrap", CHUNK, chunked("100000002\r\n{}" + END), "400 close", "413 close", "wait"),
    probe("a bare LF behind the size", CHUNK, chunked("2\n{}" + END), *REFUSED),
    probe("a bare CR behind the size", CHUNK, chunked("2\r{}" + END), *REFUSED),
    probe("CR CR LF behind the size", CHUNK, chunked("2\r\r\n{}" + END), *REFUSED),
    probe("a NUL behind the size", CHUNK, size("2\0"), *REFUSED),
    probe("a bare LF behind the data", CHUNK, chunked("2\r\n{}\n0\r\n\r\n"), *REFUSED),
    probe("a bare CR behind the data", CHUNK, chunked("2\r\n{}\r0\r\n\r\n"), *REFUSED),
    probe("nothing behind the data", CHUNK, chunked("2\r\n{}0\r\n\r\n"), *REFUSED),
    probe("more data than the size", CHUNK, chunked("1\r\n{}" + END), *REFUSED),
    probe("less data than the size", CHUNK, chunked("5\r\n{}" + END), *REFUSED, "wait"),
    probe("two other bytes where CR LF belongs", CHUNK, chunked("2\r\n{}XX0\r\n\r\n"), *REFUSED),
    probe("a bare LF behind the last chunk", CHUNK, chunked("2\r\n{}\r\n0\n\n"), *REFUSED),
    probe("a bare LF at the very end", CHUNK, chunked("2\r\n{}\r\n0\r\n\n"), *REFUSED),
    probe("no line at the end", CHUNK, chunked("2\r\n{}\r\n0\r\n"), "wait", has_marker=False),
    probe("no last chunk, and the end", "RFC 9112 §8", chunked("2\r\n{}\r\n"), "400 close", "close", has_marker=False,
          ends_sending=True),
    probe("what follows the last chunk is a request", CHUNK, size("2") + get(), "200 200 open"),
    probe("a request behind the last chunk of a refused body", CHUNK,
          "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}" + END + get(),
          "404 200 open", "404 close"),

    probe("an extension", EXTENSION, size("2;a"), "200 open"),
    probe("an extension with a value", EXTENSION, size("2;a=b"), "200 open"),
    probe("an extension with a quoted value", EXTENSION, size('2;a="b;c"'), "200 open"),
    probe("blanks around an extension", EXTENSION, size("2 ; a = b"), "200 open", "400 close"),
    probe("an extension without a name", EXTENSION, size("2;"), "400 close", "200 open"),
    probe("an extension with a bare LF", EXTENSION, chunked("2;a\nb\r\n{}" + END), *REFUSED),
    probe("an extension with a bare CR", EXTENSION, chunked("2;a\rb\r\n{}" + END), *REFUSED),
    probe("an extension with a NUL", EXTENSION, size("2;a\0"), *REFUSED),
    probe("an extension with an open quotation", EXTENSION, size('2;a="b'), *REFUSED),
    probe("a quoted CR LF in an extension", EXTENSION, chunked('2;a="\r\n{}' + END), *REFUSED),
    probe("an extension of 5,000 bytes", EXTENSION, size("2;" + "a" * 5_000), "413 close", "400 close", "431 close"),
    probe("10,000 chunks with extensions", EXTENSION, chunked("1;abcdef\r\n \r\n" * 10_000 + "2\r\n{}" + END),
          "413 close", "400 close", "431 close"),

    probe("a trailer", TRAILER, chunked("2\r\n{}\r\n0\r\nX-Thing: a\r\n\r\n"), "200 open"),
    probe("a trailer cannot change the framing", "RFC 9110 §6.5.1",
          chunked("2\r\n{}\r\n0\r\nContent-Length: 60\r\n\r\n") + get(), "200 200 open", "400 close"),
    probe("a trailer cannot become chunked again", "RFC 9110 §6.5.1",
          chunked("2\r\n{}\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n") + get(), "200 200 open", "400 close"),
    probe("a trailer cannot name another host", "RFC 9110 §6.5.1",
          chunked("2\r\n{}\r\n0\r\nHost: evil.example\r\n\r\n"), "200 open", "400 close"),
    probe("a trailer without a colon", TRAILER, chunked("2\r\n{}\r\n0\r\nX-Thing\r\n\r\n"), *REFUSED),
    probe("a request in place of a trailer", TRAILER, chunked("2\r\n{}\r\n0\r\n" + SMUGGLED), *REFUSED),
    probe("a folded trailer", TRAILER, chunked("2\r\n{}\r\n0\r\nX-Thing: a\r\n b\r\n\r\n"), *REFUSED),
    probe("a blank before a trailer's colon", TRAILER, chunked("2\r\n{}\r\n0\r\nX-Thing : a\r\n\r\n"), *REFUSED),
    probe("a bare LF behind a trailer", TRAILER, chunked("2\r\n{}\r\n0\r\nX-Thing: a\n\r\n"), *REFUSED),
    probe("101 trailers", TRAILER, chunked("2\r\n{}\r\n0\r\n" + "X: a\r\n" * 101 + "\r\n"), "431 close", "400 close"),
    probe("a trailer of 40,000 bytes", TRAILER, chunked("2\r\n{}\r\n0\r\nX: " + "a" * 40_000 + "\r\n\r\n"),
          "431 close", "400 close"),
    probe("a chunked body over the limit", "RFC 9110 §15.5.14",
          chunked("1000000\r\n" + " " * 0x1000000 + "\r\n1\r\n \r\n0\r\n\r\n"), "413 close"),
]
