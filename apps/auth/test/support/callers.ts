import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTokenIssuer, generateSigningKey, type SigningKey } from '@romm-netplay/token-core';

export interface Caller {
  /** Its URL. */
  readonly issuer: string;
  readonly key: SigningKey;
  /** Signed by it, to `audience`. */
  assertion(audience: string): Promise<string>;
}

export interface Callers {
  /** Another instance that has no more than its published keys; its own key unless one is given. */
  add(name: string, key?: SigningKey): Promise<Caller>;
  /** Has something else answer at the URL of an instance. */
  answer(name: string, listener: RequestListener): Caller['issuer'];
  close(): Promise<void>;
}

/** Instances at paths of one loopback server. */
export async function startCallers(now: () => number): Promise<Callers> {
  const listeners = new Map<string, RequestListener>();
  const server = createServer((request, response) => {
    const listener = listeners.get(request.url?.split('/')[1] ?? '');
    if (listener === undefined) response.writeHead(404).end();
    else listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const answer = (name: string, listener: RequestListener) => {
    listeners.set(name, listener);
    return `${url}/${name}`;
  };
  return {
    answer,
    async add(name, given) {
      const key = given ?? (await generateSigningKey('ES256'));
      const jwks = JSON.stringify({ keys: [key.publicJwk] });
      const issuer = answer(name, ({ url: path }, response) => {
        const found = path === `/${name}/.well-known/jwks.json`;
        response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' }).end(jwks);
      });
      const tokens = createTokenIssuer({ issuer, signingKey: () => key, now });
      return { issuer, key, assertion: (audience) => tokens.issueAssertion(audience) };
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
