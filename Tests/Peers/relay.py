"""A relay between a client and a server whose connections can be cut."""

import contextlib
import socket
import threading


class Relay:
    """Passes bytes on to `upstream`; a request that begins with `page[0]` is answered with `page[1]` by the relay itself."""

    def __init__(self, upstream, page=None):
        self.upstream, self.page = upstream, page
        self.pairs, self.lock = set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            if self.page:
                first = client.recv(len(self.page[0]), socket.MSG_PEEK | socket.MSG_WAITALL)
                if first == self.page[0]:
                    client.recv(65536)
                    return client.sendall(
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
                        b"Content-Length: %d\r\n\r\n%s" % (len(self.page[1]), self.page[1]))
            with socket.create_connection(self.upstream) as server:
                pair = (client, server)
                with self.lock:
                    self.pairs.add(pair)
                back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
                back.start()
                self._pass(client, server)
                back.join()
                with self.lock:
                    self.pairs.discard(pair)

    @staticmethod
    def _pass(source, sink):
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                sink.sendall(piece)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self):
        """Ends all connections, and says how many there were."""
        with self.lock:
            pairs = list(self.pairs)
        for pair in pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        return len(pairs)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
        self.cut()
