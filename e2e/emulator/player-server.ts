import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { buildNesProgram } from './nes-program.js';
import { DATA_PATH, GAME_PATH, type PlayerSettings, renderPlayerPage } from './player-page.js';

const { resolve } = createRequire(import.meta.url);
const packageAt = (name: string) => dirname(resolve(`${name}/package.json`));
const EMULATOR = join(packageAt('@emulatorjs/emulatorjs'), 'data');
const CORE = packageAt('@emulatorjs/core-fceumm');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
};

/** Serves the player's page at `/`, the program, and the emulator and its core from node_modules. */
export function servePlayer(settings: PlayerSettings = {}): RequestListener {
  const page = renderPlayerPage(settings);
  const program = buildNesProgram();
  return (request, response) => {
    // Parsing takes out what leads upwards, and nothing is decoded after it.
    const { pathname } = new URL(request.url ?? '/', 'http://player');
    if (pathname === '/') answer(response, page, '.html');
    else if (pathname === GAME_PATH) answer(response, program);
    else void answerFile(response, fileOf(pathname));
  };
}

/** The core is a package of its own, which the emulator expects below its own files. */
function fileOf(pathname: string): string | undefined {
  if (!pathname.startsWith(DATA_PATH)) return undefined;
  const path = pathname.slice(DATA_PATH.length);
  const ofCore = 'cores/';
  return path.startsWith(ofCore) ? join(CORE, path.slice(ofCore.length)) : join(EMULATOR, path);
}

async function answerFile(response: ServerResponse, file: string | undefined): Promise<void> {
  try {
    if (file === undefined) throw new Error('No such file.');
    answer(response, await readFile(file), extname(file));
  } catch {
    response.writeHead(404).end();
  }
}

function answer(response: ServerResponse, body: string | Uint8Array, extension = ''): void {
  response.writeHead(200, { 'content-type': TYPES[extension] ?? 'application/octet-stream' }).end(body);
}

export interface PlayerServer {
  readonly url: string;
  close(): Promise<void>;
}

export async function startPlayerServer(settings?: PlayerSettings): Promise<PlayerServer> {
  const server = createServer(servePlayer(settings));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
