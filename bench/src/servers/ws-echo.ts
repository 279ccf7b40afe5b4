import { createServer } from 'node:http';
import { type RawData, WebSocketServer } from 'ws';
import { listenAndAnnounce } from './announce.js';

/** What bare ws does: take the socket, send every text back. */
const server = createServer();
const wss = new WebSocketServer({ server, perMessageDeflate: false });
wss.on('connection', (socket) => {
  socket.on('message', (data: RawData) => socket.send(data as Buffer, { binary: false }));
});
listenAndAnnounce(server, 'ws-echo');
