import { createServer } from 'node:http';
import express from 'express';
import { listenAndAnnounce } from './announce.js';

/** What bare express does with a JSON body, as its guide shows it; the answer is JSON of the size of REPLY. */
const reply: unknown = JSON.parse(process.env['REPLY'] ?? '{}');

const app = express();
app.use(express.json());
app.post('/api/sfu/internal/verify', (_request, response) => void response.json(reply));
listenAndAnnounce(createServer(app), 'express-echo');
