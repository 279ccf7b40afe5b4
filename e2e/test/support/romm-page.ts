import type { Socket } from 'socket.io-client';
import request from 'supertest';
import type { RommInstance } from './romm-instance.js';

/** Resolves when the socket is connected; rejects with what the page would show. */
export const connected = (socket: Socket): Promise<Socket> =>
  new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('connect_error', reject);
  });

/** What the page would show. */
export const refusalOf = (socket: Socket): Promise<string> =>
  connected(socket).then(
    () => 'connected',
    (error: unknown) => (error as Error).message,
  );

/** The list of rooms, as RomM's page asks for it. */
export const listRooms = ({ sfuUrl }: RommInstance, headers: Record<string, string>) =>
  request(sfuUrl)
    .get('/api/netplay/list?game_id=42')
    .set({ host: 'romm.example.org', 'sec-fetch-site': 'same-origin', ...headers });
