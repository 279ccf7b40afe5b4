import { createServer } from 'node:http';
import type { WebSocket } from 'ws';
import { type RawData, WebSocketServer } from 'ws';
import { listenAndAnnounce } from './announce.js';

/** What bare ws does for a game: the path names the room, and every frame goes to the others in it. */
const server = createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });
const rooms = new Map<string, Set<WebSocket>>();
wss.on('connection', (socket, { url }) => {
  const room = rooms.get(url ?? '') ?? new Set();
  rooms.set(url ?? '', room.add(socket));
  socket.on('close', () => room.delete(socket));
  socket.on('message', (data: RawData, isBinary) => {
    // Texts are answered, so that a client knows that it is in the room.
    if (!isBinary) socket.send(data as Buffer, { binary: false });
    else for (const other of room) if (other !== socket) other.send(data as Buffer, { binary: true });
  });
});
listenAndAnnounce(server, 'ws-rooms');
