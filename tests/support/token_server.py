#!/usr/bin/env python3
"""A token server for docker-registry (distribution's "Token Authentication"), for tests.

Usage: token_server.py PORT KEY CERTIFICATE LOG

Grants pull to everybody and everything to me:secret. Tokens are JWTs signed with RS256 by the openssl program; the
certificate goes along (x5c). Each request becomes a line of LOG.
"""
import base64, http.server, json, subprocess, sys, time, urllib.parse

port, key, certificate, log = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
chain = "".join(line.strip() for line in open(certificate) if "-----" not in line)


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(claims):
    text = encode(json.dumps({"typ": "JWT", "alg": "RS256", "x5c": [chain]}).encode()) + "." + encode(json.dumps(claims).encode())
    signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", key], input=text.encode(), stdout=subprocess.PIPE, check=True)
    return text + "." + encode(signature.stdout)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        given = self.headers.get("Authorization", "")
        known = given == "Basic " + base64.b64encode(b"me:secret").decode()
        with open(log, "a") as file:
            file.write(self.path + "\n")
        if given and not known:
            self.send_response(401)
            self.end_headers()
            return
        access = []
        for scope in query.get("scope", []):
            kind, name, actions = scope.split(":")
            access.append({"type": kind, "name": name, "actions": actions.split(",") if known else ["pull"]})
        now = int(time.time())
        token = sign({"iss": "tester", "sub": "me" if known else "", "aud": "test", "exp": now + 300, "nbf": now - 10,
                      "iat": now, "jti": str(time.time_ns()), "access": access})
        body = json.dumps({"token": token, "expires_in": 300}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
