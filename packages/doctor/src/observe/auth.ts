import { AUTH_ALSO_AT } from '@romm-netplay/protocol';
import { AUTH_API } from '@romm-netplay/protocol/auth-api';
import type { AuthFacts, ObserveDeps, Targets } from '../observe.js';
import { findService, type Root } from './find-service.js';
import { MARKED } from './marked.js';
import { preflightOf } from './preflight.js';

/** Asks auth everything there is to ask, at the same time. */
export async function observeAuth(
  { http, onProgress }: ObserveDeps,
  { authUrl, origin }: Targets,
  root: Root,
): Promise<AuthFacts> {
  onProgress(`auth at ${authUrl}`);
  const { base, answer: configuration } = await findService({
    url: authUrl,
    member: 'issuer',
    root,
    ask: (url) => http(`${url}${AUTH_API.configuration.path}`),
  });
  const get = (path: string, headers = {}) => http(`${base}${path}`, { headers });
  const [keys, mint, sessions, echo, ready, internal, preflight] = await Promise.all([
    get(AUTH_API.jwks.path),
    // Nobody is signed in: refused before anything is looked up.
    http(`${base}${AUTH_API.mintToken.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }),
    get(AUTH_API.listSessions.path),
    get(AUTH_API.doctorEcho.path, MARKED),
    get(AUTH_ALSO_AT[AUTH_API.readiness.path]),
    http(`${base}${AUTH_API.verifyToken.path}`, { method: 'POST' }),
    preflightOf(http, `${base}${AUTH_API.mintToken.path}`, 'POST', origin),
  ]);
  const bareEcho = await get(AUTH_API.doctorEcho.path);
  return {
    ...{ base, configuration, keys, echo, bareEcho, ready, internal, preflight },
    answers: {
      [AUTH_API.configuration.path]: configuration,
      [AUTH_API.jwks.path]: keys,
      [AUTH_API.mintToken.path]: mint,
      [AUTH_API.listSessions.path]: sessions,
    },
  };
}
