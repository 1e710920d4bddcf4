// The device grant as openid-client (npm) does it. Prints the answer with the token, or what made it give up.
// node openid-client.mjs ORIGIN
import * as client from 'openid-client';

// Its waits are real: each second takes ten milliseconds here.
const { setTimeout } = globalThis;
globalThis.setTimeout = (run, milliseconds, ...rest) => setTimeout(run, milliseconds / 100, ...rest);

const flow = `${process.argv[2]}api/auth/device`;
const server = new client.Configuration(
  { issuer: process.argv[2], device_authorization_endpoint: `${flow}/init`, token_endpoint: `${flow}/token` }, 'tv', undefined, client.None());
client.allowInsecureRequests(server);

const started = await client.initiateDeviceAuthorization(server, { scope: 'library.read' });
console.log(started.user_code);
try {
  console.log(JSON.stringify(await client.pollDeviceAuthorizationGrant(server, started)));
} catch (error) {
  console.log(`${error}`, JSON.stringify(error.cause ?? null));
}
