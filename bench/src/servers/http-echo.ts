import { createServer } from 'node:http';
import { listenAndAnnounce } from './announce.js';

/** What bare node:http does with a JSON body: parse it, answer JSON of the size of REPLY. */
const reply: unknown = JSON.parse(process.env['REPLY'] ?? '{}');

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString());
    const text = JSON.stringify(reply);
    response.writeHead(200, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
});
listenAndAnnounce(server, 'http-echo');
