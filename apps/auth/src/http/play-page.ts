import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { NodeRegistry } from '@romm-netplay/shared-state';

/** Where the page is; relative to that it finds auth, whatever a proxy puts before it. */
export const PLAY_PATH = '/play';

export interface PlayPageDeps {
  readonly nodes: Pick<NodeRegistry, 'list'>;
  readonly identityProviders: readonly string[];
}

const PAGE_DIRECTORY = fileURLToPath(new URL('../../page', import.meta.url));
const CLIENT_FILES = ['netplay.js', 'netplay-federation.js'];
const { resolve } = createRequire(import.meta.url);

/** The page for players who come without RomM, and its script. */
export function createPlayPage({ nodes, identityProviders }: PlayPageDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    // Which nodes there are changes; what is no document opens no connection.
    const urls = request.path === '/' ? nodeUrls(nodes) : Promise.resolve([]);
    urls.then((sfuUrls) => policyFor(sfuUrls)(request, response, next), next);
  });
  app.get('/', (request, response, next) => {
    if (/^[^?]*\/(\?|$)/.test(request.originalUrl)) next();
    // Relative: a prefix that a proxy puts before it is in no URL here.
    else response.redirect(`${PLAY_PATH.slice(1)}/`);
  });
  app.get('/config.json', (_request, response, next) => {
    nodeUrls(nodes).then(([sfuUrl = null]) => {
      response.set('cache-control', 'no-store').json({ sfuUrl, identityProviders });
    }, next);
  });
  for (const name of CLIENT_FILES) {
    // Below a root of its own: an installed package is below `.pnpm`, and what has a dot in its path is not sent.
    const root = dirname(resolve(`@romm-netplay/client/browser/${name}`));
    app.get(`/${name}`, (_request, response) => response.sendFile(name, { root }));
  }
  app.use(express.static(PAGE_DIRECTORY, { redirect: false }));
  return app;
}

/** Where players reach the nodes, those first that take new ones; none while nobody can tell. */
async function nodeUrls(nodes: PlayPageDeps['nodes']): Promise<string[]> {
  const live = await nodes.list().catch(() => []);
  const ranked = [...live].sort((a, b) => Number(a.draining) - Number(b.draining) || a.sockets - b.sockets);
  return [...new Set(ranked.map(({ url }) => url))];
}

/**
 * Rooms may be on any node of any instance, and which those are changes while the page is open; so sockets may
 * go anywhere, requests to the own servers only. No step down from https: ws: only where an own node has it.
 */
function policyFor(sfuUrls: readonly string[]) {
  const origins = sfuUrls.map((url) => new URL(url).origin);
  const sockets = origins.some((origin) => origin.startsWith('http:')) ? ['ws:', 'wss:'] : ['wss:'];
  return helmet({
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      directives: { connectSrc: ["'self'", ...origins, ...sockets], upgradeInsecureRequests: null },
    },
  });
}
