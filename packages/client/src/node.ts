/** The client on Node. */
import { createNetplayClient as create, type NetplayClient, type NetplayOptions } from './client.js';
import {
  connectNetplay as connect,
  type NetplaySocket,
  type NetplaySocketOptions,
} from './netplay-socket.js';
import { standIn } from './node-web-socket.js';

export * from './index.js';

export const createNetplayClient = (options: NetplayOptions): NetplayClient =>
  create({ ...standIn, ...options });

export const connectNetplay = (options: NetplaySocketOptions): Promise<NetplaySocket> =>
  connect({ ...standIn, ...options });
