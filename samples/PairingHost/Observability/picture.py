#!/usr/bin/env python3
"""Plays two hundred pairings against the running sample, scrapes it, and draws what the scrape says.

  dotnet run --project samples/PairingHost -- --DeviceAuthorization:RateLimits:PendingPerAddress=300 --DeviceAuthorization:RateLimits:StartsPerMinute=180 \\
    --DeviceAuthorization:RateLimits:CodesPerUser=1000 --DeviceAuthorization:RateLimits:CodesPerUserAndDay=1000 \\
    --DeviceAuthorization:RateLimits:CodesPerAddress=1000 --DeviceAuthorization:MaxTokensPerUser=1000 --DeviceAuthorization:MaxDevicesPerUser=1000
  samples/PairingHost/Observability/picture.py > docs/metrics.svg      # takes a minute
"""
import base64
import html
import json
import random
import re
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

HOST = "http://localhost:5080/api/auth/device"
METRICS = "http://localhost:9464/metrics"
ALICE = "Basic " + base64.b64encode(b"alice:demo").decode()


def call(path, body, authorization=None):
    headers = {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
    request = urllib.request.Request(f"{HOST}/{path}", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def play(number):
    """One device and its owner: most approve, some deny, some forget it; some devices poll too often."""
    luck = random.Random(number)
    time.sleep(luck.uniform(0, 20))
    codes = call("init", {"client_device_identifier": f"p{number}", "name": "Telly", "client": "tv", "requested_scopes": ["me.read"]})
    if "device_code" not in codes:
        return
    choice = luck.choices(["approve", "deny", None], [80, 8, 12])[0]
    decides = time.monotonic() + luck.lognormvariate(2.2, 0.5)
    interval, ends = codes["interval"], time.monotonic() + 35
    while time.monotonic() < ends:
        answer = call("token", {"device_code": codes["device_code"]})
        detail = answer.get("detail")
        if detail not in ("authorization_pending", "slow_down"):
            return
        wait = interval * luck.choices([1.02, 0.5], [85, 15])[0]
        if choice and decides < time.monotonic() + wait:
            time.sleep(max(0, decides - time.monotonic()))
            call(choice, {"user_code": codes["user_code"], "approved_scopes": ["me.read"]}, ALICE)
            choice = None
        time.sleep(wait)


def scrape():
    """Name, labels and value of each series."""
    with urllib.request.urlopen(METRICS) as answer:
        lines = answer.read().decode().splitlines()
    found = (re.match(r"(\w+)\{(.*)\} (\S+)", line) for line in lines)
    return [(m[1], dict(re.findall(r'(\w+)="([^"]*)"', m[2])), float(m[3])) for m in found if m]


def counts(series, name, label):
    return {labels[label]: value for found, labels, value in series if found == name}


def buckets(series, name, **wanted):
    """How many are in each bucket of a histogram, added up over all series that have the wanted labels; the empty ends are left out."""
    totals = {}
    for found, labels, value in series:
        if found == f"{name}_bucket" and all(labels.get(key) == text for key, text in wanted.items()):
            totals[labels["le"]] = totals.get(labels["le"], 0) + value
    edges = sorted(totals, key=float)
    each = [(edge, totals[edge] - (totals[edges[i - 1]] if i else 0)) for i, edge in enumerate(edges)]
    while each and not each[0][1]:
        each.pop(0)
    while each and not each[-1][1]:
        each.pop()
    return {"longer" if edge == "+Inf" else f"up to {float(edge) * 1000:g} ms" if float(edge) < 1 else f"up to {float(edge):g} s": count for edge, count in each}


def panel(x, y, title, rows):
    """Bars with their figures."""
    most = max(rows.values(), default=1) or 1
    lines = [f'<text class="title" x="{x}" y="{y}">{html.escape(title)}</text>']
    for i, (name, value) in enumerate(rows.items()):
        top = y + 14 + i * 24
        width = max(1, 210 * value / most)
        lines.append(f'<text x="{x}" y="{top + 13}">{html.escape(name)}</text><rect x="{x + 165}" y="{top}" width="{width:.0f}" height="17" rx="2"/>'
                     f'<text x="{x + 172 + width:.0f}" y="{top + 13}">{value:g}</text>')
    return "\n".join(lines)


def draw(series):
    events = counts(series, "device_authorization_events_total", "device_authorization_event")
    steps = {step: events[step] for step in ("started", "approved", "redeemed", "denied") if step in events}
    by_store = "device_authorization_store_call_duration_seconds"
    columns = [
        [("Pairings by step", steps), ("Polls by outcome", counts(series, "device_authorization_polls_total", "device_authorization_poll_outcome")),
         ("Requests over a limit", counts(series, "device_authorization_limit_refusals_total", "device_authorization_limit"))],
        [("Time from start to approval", buckets(series, "device_authorization_pairing_duration_seconds", device_authorization_event="approved")),
         ("Store calls by duration", buckets(series, by_store))],
    ]
    drawn, height = [], 0
    for column, panels in enumerate(columns):
        y = 40
        for title, rows in panels:
            drawn.append(panel(24 + column * 460, y, title, rows))
            y += 24 * len(rows) + 52
        height = max(height, y - 24)
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 {height}" role="img" aria-label="Metrics of two hundred pairings">
<style>
  text {{ font: 13px system-ui, sans-serif; fill: #1f2328 }} .title {{ font-size: 15px; font-weight: 600 }} rect {{ fill: #2f6fb2 }} .ground {{ fill: #fff }}
  @media (prefers-color-scheme: dark) {{ text {{ fill: #e6edf3 }} rect {{ fill: #4c9be8 }} .ground {{ fill: #0d1117 }} }}
</style>
<rect class="ground" width="940" height="{height}"/>
{chr(10).join(drawn)}
</svg>"""


with ThreadPoolExecutor(200) as players:
    list(players.map(play, range(200)))
print(draw(scrape()))
