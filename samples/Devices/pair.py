#!/usr/bin/env python3
"""Pairs this device (RFC 8628). Usage: pair.py SERVER TOKEN_FILE"""
import json, os, platform, socket, sys, time, uuid
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import Request, urlopen


def call(url, form=None, headers={}, timeout=15):
    """Status, headers and JSON of the answer. Status 0: there was none."""
    try:
        answer = urlopen(Request(url, form and urlencode(form).encode(), headers), timeout=timeout)
    except HTTPError as error:
        answer = error  # 4xx and 5xx are answers, too
    except OSError as error:
        return 0, {}, {"error": str(error)}
    try:
        with answer:
            body = json.load(answer)
        return answer.status, answer.headers, body if isinstance(body, dict) else {}
    except (OSError, ValueError):
        return answer.status if answer.status >= 400 else 0, answer.headers, {}


def wait(client, token_endpoint, started):
    """Polls until the pairing ends. Returns the answer with the token."""
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": started["device_code"], **client}
    key = {"Idempotency-Key": str(uuid.uuid4())}  # the same for all polls: a lost token can be fetched again
    deadline = time.monotonic() + started["expires_in"]
    interval = pause = started.get("interval", 5)
    hold, back_off, shown = 25, 0, None
    while (left := deadline - time.monotonic()) > 1:
        time.sleep(min(pause, left - 1))  # the last poll goes out a second before the end
        sent = time.monotonic()
        prefer = {"Prefer": f"wait={hold}"} if hold else {}
        status, headers, body = call(token_endpoint, form, {**key, **prefer}, hold + 15)
        error, took = body.get("error"), time.monotonic() - sent
        if "access_token" in body:
            return body
        if error == "authorization_pending":
            back_off = 0
            number = body.get("match_number", shown)
            pause = 0 if "Preference-Applied" in headers and (took > 1 or number != shown) else interval  # held: the next one at once
            if number != shown:
                shown = number
                print("Choose this number on the page:", number, flush=True)
        elif error == "slow_down" and status < 500:
            pause = interval = max(interval + 5, body.get("interval", 0))  # for good
        elif status in (0, 408, 429) or status >= 500:
            hold = 0 if took > 1 and status not in (429, 503) else hold  # a proxy may cut long requests
            pause = back_off = max(interval, min(back_off * 2, 60))
        else:
            sys.exit(f"Not paired: {error or status}")
        if (seconds := headers.get("Retry-After", "")).isdigit():
            pause = max(pause, int(seconds))
    sys.exit("Not paired: expired_token")


def main(server, token_file):
    issuer = urlsplit(server.rstrip("/"))
    _, _, found = call(f"{issuer.scheme}://{issuer.netloc}/.well-known/oauth-authorization-server{issuer.path}")
    if "device_authorization_endpoint" not in found:
        sys.exit(f"{server} does not pair devices. {found.get('error', '')}")
    client = {"client_id": "my-device"}
    device = {"name": socket.gethostname(), "platform": platform.system(), "client_device_identifier": socket.gethostname()}
    form = {**client, "scope": "library.read", "number_matching": "true", **device}
    _, _, started = call(found["device_authorization_endpoint"], form)
    if "device_code" not in started:
        sys.exit(f"Not started: {started.get('error')} {started.get('error_description', '')}")
    try:
        print(f"Open {started['verification_uri']} and enter {started['user_code']}", flush=True)
        token = wait(client, found["token_endpoint"], started)
    except KeyboardInterrupt:
        call(found["revocation_endpoint"], {"token": started["device_code"], "token_type_hint": "device_code", **client})
        sys.exit("Given up.")
    with os.fdopen(os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # only its owner reads it
        json.dump(token, file)
    print("Connected.")


if __name__ == "__main__":
    main(*sys.argv[1:]) if len(sys.argv) == 3 else sys.exit(__doc__)
