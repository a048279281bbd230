#!/usr/bin/env python3
"""A proxy for TCP that counts what passes and is as slow as it is told to be, for the tests of registry clients.

Usage: counting_proxy.py PORT TARGET-PORT COUNTS [BYTES-PER-SECOND]

COUNTS always holds three numbers: bytes to the clients, bytes from the clients, requests of HTTP seen. The speed is
that of all connections to the clients together; with a speed, little waits in the proxy's sockets.
"""
import os, re, socket, sys, threading, time

port, target, counts = int(sys.argv[1]), int(sys.argv[2]), os.open(sys.argv[3], os.O_RDWR | os.O_CREAT, 0o644)
rate = int(sys.argv[4]) if len(sys.argv) > 4 else 0
REQUEST = re.compile(rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /v2/\S* HTTP/1\.1\r\n")
# What a client that is killed has not read is counted as sent: it should not be more than a real link would hold.
PIECE = min(32768, max(4096, rate // 800)) if rate else 32768
CREDIT = 0.1  # seconds that a busy machine may lose and catch up
lock = threading.Lock()
down = up = requests = 0
free_at = time.monotonic()


def count(more_down=0, more_up=0, more_requests=0):
    global down, up, requests
    with lock:
        down, up, requests = down + more_down, up + more_up, requests + more_requests
        os.pwrite(counts, b"%15d %15d %9d\n" % (down, up, requests), 0)


def wait_for_turn(size):
    global free_at
    if not rate:
        return
    with lock:
        free_at = max(free_at, time.monotonic() - CREDIT) + size / rate
        pause = free_at - time.monotonic()
    time.sleep(max(pause, 0))


def pump(source, sink, downwards):
    try:
        while data := source.recv(PIECE):
            if downwards:
                wait_for_turn(len(data))
                sink.sendall(data)
                count(more_down=len(data))
            else:
                count(more_up=len(data), more_requests=len(REQUEST.findall(data)))
                sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client):
    with client, socket.create_connection(("127.0.0.1", target)) as server:
        if rate:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16384)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32768)
        back = threading.Thread(target=pump, args=(server, client, True), daemon=True)
        back.start()
        pump(client, server, False)
        back.join()


count()
listener = socket.create_server(("127.0.0.1", port), backlog=64)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
