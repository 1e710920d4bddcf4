#!/usr/bin/env node
// Pairs this device (RFC 8628). Usage: node pair.mjs SERVER TOKEN_FILE
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { hostname, platform } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";

const [server, tokenFile] = process.argv.slice(2);
const client = { client_id: "my-device" };

/** Status, headers and JSON of the answer. Status 0: there was none. */
async function call(url, form, headers = {}, seconds = 15) {
  let status = 0;
  try {
    const answer = await fetch(url, {
      method: form ? "POST" : "GET",
      body: form && new URLSearchParams(form),
      headers,
      redirect: "error", // the device code goes to this server only
      signal: AbortSignal.timeout(seconds * 1000),
    });
    status = answer.ok ? 0 : answer.status; // success without JSON is no answer
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) ?? {} };
  } catch (error) {
    return { status, headers: new Headers(), body: {}, trouble: `${error.cause?.message ?? error.message}` };
  }
}

/** Polls until the pairing ends. Returns the answer with the token. */
async function wait(tokenEndpoint, started) {
  const form = { grant_type: "urn:ietf:params:oauth:grant-type:device_code", device_code: started.device_code, ...client };
  const key = { "Idempotency-Key": randomUUID() }; // the same for all polls: a lost token can be fetched again
  const now = () => performance.now() / 1000;
  const deadline = now() + started.expires_in;
  let [interval, hold, backOff, shown] = [started.interval ?? 5, 25, 0, undefined];
  for (let pause = interval; deadline - now() > 1; ) {
    await sleep(1000 * Math.min(pause, Math.max(0, deadline - now() - 1))); // the last poll goes out a second before the end
    const sent = now();
    const { status, headers, body } = await call(tokenEndpoint, form, hold ? { ...key, Prefer: `wait=${hold}` } : key, hold + 15);
    const took = now() - sent;
    if (body.access_token) return body;
    if (body.error === "authorization_pending") {
      backOff = 0;
      const isNew = (body.match_number ?? shown) !== shown;
      pause = headers.has("Preference-Applied") && (took > 1 || isNew) ? 0 : interval; // held: the next one at once
      if (isNew) console.log(`Choose this number on the page: ${(shown = body.match_number)}`);
    } else if (body.error === "slow_down" && status < 500) {
      pause = interval = Math.max(interval + 5, body.interval ?? 0); // for good
    } else if ([0, 408, 429].includes(status) || status >= 500) {
      if (took > 1 && status !== 429 && status !== 503) hold = 0; // a proxy may cut long requests
      pause = backOff = Math.max(interval, Math.min(backOff * 2, 60));
    } else {
      throw new Error(body.error ?? status);
    }
    pause = Math.max(pause, Number(headers.get("Retry-After")) || 0);
  }
  throw new Error("expired_token");
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

const issuer = new URL(server);
const { body: found, trouble } = await call(new URL(`/.well-known/oauth-authorization-server${issuer.pathname.replace(/\/$/, "")}`, issuer));
if (!found.device_authorization_endpoint) fail(`${server} does not pair devices. ${trouble ?? ""}`);
const device = { name: hostname(), platform: platform(), client_device_identifier: hostname() };
const { body: started } = await call(found.device_authorization_endpoint, { ...client, scope: "library.read", number_matching: true, ...device });
if (!started.device_code) fail(`Not started: ${started.error} ${started.error_description ?? ""}`);
const stopped = once(process, "SIGINT").then(() => null);
console.log(`Open ${started.verification_uri} and enter ${started.user_code}`);
const token = await Promise.race([wait(found.token_endpoint, started), stopped]).catch((error) => fail(`Not paired: ${error.message}`));
if (!token) {
  await call(found.revocation_endpoint, { token: started.device_code, token_type_hint: "device_code", ...client });
  fail("Given up.");
}
writeFileSync(tokenFile, JSON.stringify(token), { mode: 0o600 }); // only its owner reads it
console.log("Connected.");
process.exit(); // waits for Ctrl+C no longer
