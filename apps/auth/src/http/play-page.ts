import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { type Express } from 'express';
import helmet from 'helmet';
import type { NodeRegistry } from '@romm-netplay/shared-state';

/** Where the page is; relative to that it finds auth, whatever a proxy puts before it. */
export const PLAY_PATH = '/play';

export interface PlayPageDeps {
  readonly nodes: Pick<NodeRegistry, 'list'>;
  readonly identityProviders: readonly string[];
  /** Where RomM is on this host; undefined: it is not here. */
  readonly rommPath: string | undefined;
}

interface Locals {
  /** Of the nodes that the document may send requests to. */
  origins: readonly string[];
}

const PAGE_DIRECTORY = fileURLToPath(new URL('../../page', import.meta.url));
const CLIENT_FILES = ['netplay.js', 'netplay-federation.js'];
/** Without anything that has a meaning in HTML or in a policy. */
const PLAIN_ORIGIN = /^https?:\/\/[\w.:[\]-]+$/;
const { resolve } = createRequire(import.meta.url);

/** The page that lists rooms and lets players try them without a game, and its scripts. */
export function createPlayPage({ nodes, identityProviders, rommPath }: PlayPageDeps): Express {
  const app = express();
  const html = readFileSync(join(PAGE_DIRECTORY, 'index.html'), 'utf8');
  app.disable('x-powered-by');
  // Relative, both: a prefix that a proxy puts before this page is in no URL here.
  app.get('/index.html', (_request, response) => response.redirect('./'));
  app.get('/', (request, response, next) => {
    if (/^[^?]*\/(\?|$)/.test(request.originalUrl)) next();
    else response.redirect(`${PLAY_PATH.slice(1)}/`);
  });
  app.use((request, response, next) => {
    // Which nodes there are changes; what is no document opens no connection.
    const urls = request.path === '/' ? nodeUrls(nodes) : Promise.resolve([]);
    urls.then((sfuUrls) => {
      const origins = sfuUrls.map((url) => new URL(url).origin).filter((origin) => PLAIN_ORIGIN.test(origin));
      (response.locals as Locals).origins = origins;
      policyFor(origins)(request, response, next);
    }, next);
  });
  app.get('/', (_request, response) => {
    const { origins } = response.locals as Locals;
    // So the page knows when it needs another policy.
    const page = html.replace('name="nodes" content=""', `name="nodes" content="${origins.join(' ')}"`);
    response.type('html').set('cache-control', 'no-store').send(page);
  });
  app.get('/config.json', (_request, response, next) => {
    nodeUrls(nodes).then(([sfuUrl = null]) => {
      response
        .set('cache-control', 'no-store')
        .json({ sfuUrl, identityProviders, rommUrl: rommPath ?? null });
    }, next);
  });
  for (const name of CLIENT_FILES) {
    // Below a root of its own: an installed package is below `.pnpm`, and what has a dot in its path is not sent.
    const root = dirname(resolve(`@romm-netplay/client/browser/${name}`));
    app.get(`/${name}`, (_request, response) => response.sendFile(name, { root }));
  }
  app.use(express.static(PAGE_DIRECTORY, { index: false, redirect: false }));
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
function policyFor(origins: readonly string[]) {
  const sockets = origins.some((origin) => origin.startsWith('http:')) ? ['ws:', 'wss:'] : ['wss:'];
  return helmet({
    strictTransportSecurity: false,
    contentSecurityPolicy: {
      directives: { connectSrc: ["'self'", ...origins, ...sockets], upgradeInsecureRequests: null },
    },
  });
}
