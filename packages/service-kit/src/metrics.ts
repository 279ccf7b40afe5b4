import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { listen, type ListeningServer } from './http/listen.js';
import type { Audit } from './logger.js';
import { inWordsOf } from './start-failure.js';

/** The metrics of one service, with those of its process. */
export function createMetrics(service: string): Registry {
  const registry = new Registry();
  registry.setDefaultLabels({ service });
  collectDefaultMetrics({ register: registry });
  return registry;
}

/** Serves GET /metrics on an address and a port of its own, which are not meant for the public (P4.7). */
export async function startMetricsServer(
  registry: Registry,
  port: number,
  host: string,
): Promise<ListeningServer> {
  const server = await listen(port, host).catch((error: unknown) => {
    throw inWordsOf('METRICS_PORT', error);
  });
  server.serve((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end('There is only /metrics here.\n');
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  return server;
}

/** Counts and logs each use of a format that is on its way out, so that an operator sees when it can go. */
export type MigrationWatch = (feature: string, who: { readonly iss: string; readonly sub: string }) => void;

export function createMigrationWatch(
  registry: Registry,
  features: readonly string[],
  audit: Audit,
): MigrationWatch {
  const uses = new Counter({
    name: 'netplay_migration_uses_total',
    help: 'Requests that worked only because an older format is still accepted.',
    labelNames: ['feature'],
    registers: [registry],
  });
  // A feature that is never used shows as 0, not as absent.
  for (const feature of features) uses.inc({ feature }, 0);
  return (feature, { iss, sub }) => {
    uses.inc({ feature });
    audit('migration.used', { feature, iss, sub });
  };
}
