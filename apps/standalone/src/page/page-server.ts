import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import express, { type Express, type Request } from 'express';
import helmet from 'helmet';
import { listen, type ListeningServer } from '@romm-netplay/service-kit';

/** What the page talks to, as the player's browser reaches it. */
export interface PageEndpoints {
  readonly authUrl: string;
  readonly sfuUrl: string;
}

export interface PageServer extends ListeningServer {
  /** The origins the page is opened at on this machine. */
  readonly origins: readonly string[];
}

const PAGE_DIRECTORY = fileURLToPath(new URL('../../page', import.meta.url));
const { resolve } = createRequire(import.meta.url);
const CLIENT_FILES = ['netplay.js', 'netplay-federation.js'];

/** Listens; the page is served once auth and the node are known. */
export async function openPageServer(port: number, host: string): Promise<PageServer> {
  const server = await listen(port, host);
  const origins = ['localhost', '127.0.0.1'].map((name) => `http://${name}:${server.port}`);
  return { ...server, origins };
}

/**
 * Rooms may be on any node of any instance, and which those are changes while the page is open; so sockets may
 * go anywhere, requests to the own servers only. No step down from https: ws: only where the own node has it.
 */
const socketsFor = (sfuUrl: string): readonly string[] =>
  sfuUrl.startsWith('https:') ? ['wss:'] : ['ws:', 'wss:'];

/**
 * The page for people who want to try netplay, and its script. `endpointsFor` gets the host name by which the
 * browser reached the page: cookies of localhost and of 127.0.0.1 never meet.
 */
export function createPageApp(
  endpointsFor: (hostname: string) => PageEndpoints,
  identityProviders: readonly string[],
): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use((request, response, next) => {
    const { authUrl, sfuUrl } = endpointsFor(request.hostname);
    helmet({
      strictTransportSecurity: false,
      contentSecurityPolicy: {
        directives: {
          connectSrc: ["'self'", authUrl, sfuUrl, ...socketsFor(sfuUrl)],
          upgradeInsecureRequests: null,
        },
      },
    })(request, response, next);
  });
  app.get('/config.json', (request: Request, response) => {
    response.set('cache-control', 'no-store').json({ ...endpointsFor(request.hostname), identityProviders });
  });
  for (const name of CLIENT_FILES) {
    const file = resolve(`@romm-netplay/client/browser/${name}`);
    app.get(`/${name}`, (_request, response) => response.sendFile(file));
  }
  app.use(express.static(PAGE_DIRECTORY));
  return app;
}
