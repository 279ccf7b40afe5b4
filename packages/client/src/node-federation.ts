/** The client that plays at other instances as well, on Node. */
import { createFederatedClient as create, type FederatedClient } from './federation.js';
import type { NetplayOptions } from './client.js';
import { standIn } from './node-web-socket.js';

export * from './federation.js';
export { connectNetplay, createNetplayClient } from './node.js';

export const createFederatedClient = (options: NetplayOptions): FederatedClient =>
  create({ ...standIn, ...options });
