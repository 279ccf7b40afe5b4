import { createServer, request as forward, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo } from 'node:net';
import type { AuthConfig } from '@romm-netplay/auth/config';
import { createLogger } from '@romm-netplay/service-kit';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import request from 'supertest';
import { ADMIN_KEY, startAuth, type TestAuth } from './auth.js';

export interface TestInstance {
  readonly auth: TestAuth;
  readonly issuer: string;
  readonly state: SharedState;
  /** What it logged. */
  readonly lines: readonly string[];
  /** Turns its clock forward. */
  advance(ms: number): void;
  admin(method: 'get' | 'post' | 'put' | 'delete', path: string): request.Test;
  close(): Promise<void>;
}

/** A whole instance with a database of its own, at a loopback address. */
export async function startTestInstance(changes: Partial<AuthConfig>): Promise<TestInstance> {
  // Its memory of first uses begins a while back: nothing that is shown now can have been shown before that.
  let offsetMs = -60_000;
  const now = () => Date.now() + offsetMs;
  const state = createMemoryState({ now, elapsed: now });
  offsetMs = 0;
  const lines: string[] = [];
  const log = createLogger('auth', 'warn', { write: (line) => void lines.push(line) });
  const config = { issuer: undefined, signingAlg: 'ES256', ...changes } as const;
  const auth = await startAuth(config, { state, log, now });
  return {
    auth,
    issuer: auth.issuer,
    state,
    lines,
    advance: (ms) => void (offsetMs += ms),
    admin: (method, path) =>
      request(auth.url)[method](`/api/admin${path}`).set('authorization', `Bearer ${ADMIN_KEY}`),
    close: () => auth.close(),
  };
}

/** Stands before an instance; can lose answers, as a connection that breaks does, and have them wait. */
export async function startProxy(tls?: { readonly cert: string; readonly key: string }) {
  let target = '';
  let lose = (_path: string) => false;
  let wait = (_path: string, _method: string | undefined) => Promise.resolve();
  const listener: RequestListener = (incoming, outgoing) => {
    const { method, headers, url = '/' } = incoming;
    const onward = forward(`${target}${url}`, { method, headers }, (answer) => {
      if (lose(url)) {
        answer.resume();
        outgoing.destroy();
        return;
      }
      void wait(url, method).then(() => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forwardTo: (url: string) => void (target = url),
    /** Which answers get lost from now on. */
    loseAnswers: (which: (path: string) => boolean) => void (lose = which),
    beforeAnswer: (what: typeof wait) => void (wait = what),
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
