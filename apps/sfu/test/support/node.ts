import { randomUUID } from 'node:crypto';
import type { Events, Replies } from '@romm-netplay/protocol';
import { connectNetplay, type NetplaySocket } from '@romm-netplay/client';
import { composeSfu, type ComposeOverrides, type Sfu } from '@romm-netplay/sfu/compose';
import { parseEmbeddedConfig, type SfuConfig } from '@romm-netplay/sfu/config';
import { createMemoryState, type SharedState } from '@romm-netplay/shared-state';
import { createDisposers } from '@romm-netplay/testing';
import {
  createLocalKeySet,
  createTokenIssuer,
  generateSigningKey,
  type SigningKey,
  type Subject,
  type TokenIssuer,
} from '@romm-netplay/token-core';
import { WebSocket } from 'ws';

export const ISSUER = 'https://games.example.org';

const ENV = { PORT: '0', HOST: '127.0.0.1', AUTH_ISSUER: ISSUER, NODE_ID: 'node-a', LOG_LEVEL: 'silent' };

/** One signing key for all suites: making one costs more than most tests. */
const signingKey = generateSigningKey('ES256');

export interface TestNode {
  readonly sfu: Sfu;
  readonly state: SharedState;
  /** Ends signed-in sessions, as auth does. */
  revoke(...sessionIds: string[]): Promise<void>;
  readonly key: SigningKey;
  readonly issuer: TokenIssuer;
  readToken(subject: Subject): Promise<string>;
  /** A write token with its marker, as auth hands it out. */
  writeToken(subject: Subject): Promise<string>;
  /** A player who has connected and said hello. */
  connect(name?: string, subject?: Subject): Promise<TestPlayer>;
  close(): Promise<void>;
}

export interface TestPlayer {
  readonly subject: Subject;
  readonly socket: NetplaySocket;
  readonly clientId: string;
  writeToken(): Promise<string>;
  open(roomName: string, options?: object): Promise<Replies['open-room']>;
  join(roomName: string, options?: object): Promise<Replies['join-room']>;
  resume(roomName: string, resumeToken: string): Promise<Replies['resume-room']>;
}

/** A real node on a free port, over state in memory unless the test brings another. */
export async function startNode(
  changes: Partial<SfuConfig> = {},
  overrides: ComposeOverrides = {},
): Promise<TestNode> {
  const disposers = createDisposers();
  const key = await signingKey;
  const { now = Date.now } = overrides;
  const state = overrides.state ?? createMemoryState({ now, elapsed: now });
  const config = { ...parseEmbeddedConfig(ENV), ...changes };
  const services = config.redisUrl === undefined ? { state } : {};
  const sfu = disposers.use(
    await composeSfu(config, { keys: createLocalKeySet([key]), ...services, ...overrides }),
  );
  const issuer = createTokenIssuer({ issuer: ISSUER, signingKey: () => key, now });

  const readToken = async (subject: Subject) => (await issuer.issueReadToken(subject, ISSUER)).token;
  async function writeToken(subject: Subject): Promise<string> {
    const jti = await state.jtis.issue(30_000);
    return (await issuer.issueWriteToken(subject, ISSUER, { jti })).token;
  }

  return {
    sfu,
    state,
    revoke: (...sessionIds) => state.revocations.append(sessionIds.map((sid) => `${ISSUER} ${sid}`)),
    key,
    issuer,
    readToken,
    writeToken,
    async connect(name = 'Player', subject = { sub: randomUUID(), netplayUsername: name }) {
      const player = await connectPlayer(sfu, subject, { readToken, writeToken });
      disposers.use(player.socket);
      return player;
    },
    close: () => disposers.closeAll(),
  };
}

/** Whoever mints the tokens of a player, of whichever instance. */
export interface Mint {
  readToken(subject: Subject): Promise<string>;
  writeToken(subject: Subject): Promise<string>;
}

/** A player who has connected and said hello. */
export async function connectPlayer(sfu: Sfu, subject: Subject, mint: Mint): Promise<TestPlayer> {
  const token = await mint.readToken(subject);
  const socket = await connectNetplay({ sfuUrl: sfu.url, token, WebSocket });
  const writeToken = () => mint.writeToken(subject);
  return {
    subject,
    socket,
    clientId: socket.hello.client_id,
    writeToken,
    open: async (roomName, options = {}) =>
      socket.request('open-room', { room_name: roomName, token: await writeToken(), ...options }),
    join: async (roomName, options = {}) =>
      socket.request('join-room', { room_name: roomName, token: await writeToken(), ...options }),
    resume: (roomName, resumeToken) =>
      socket.request('resume-room', { room_name: roomName, resume_token: resumeToken }),
  };
}

/** Resolves with the next event of a type that fits. */
export function nextEvent<T extends keyof Events>(
  { socket }: TestPlayer,
  type: T,
  fits: (data: Events[T]) => boolean = () => true,
): Promise<Events[T]> {
  return new Promise((resolve) => {
    const stop = socket.on(type, (data) => {
      if (!fits(data)) return;
      stop();
      resolve(data);
    });
  });
}

/** Loses a player's connection, and waits until the others have been told. */
export async function lose(player: TestPlayer, witness: TestPlayer): Promise<void> {
  const told = nextEvent(witness, 'users-updated', ({ users }) =>
    users.some((user) => user.client_id === player.clientId && !user.connected),
  );
  player.socket.close();
  await told;
}

/** The code a request is refused with. */
export const codeOf = (request: Promise<unknown>): Promise<string> =>
  request.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );

/** A bare socket to the node, for frames no client would send. */
export async function rawSocket(
  sfu: Sfu,
  options: { headers?: Record<string, string>; query?: string } = {},
) {
  const url = `${sfu.url.replace('http', 'ws')}/ws${options.query ?? ''}`;
  const socket = new WebSocket(url, 'netplay.v1', { headers: options.headers ?? {} });
  const messages: Record<string, unknown>[] = [];
  socket.on('message', (data, binary) => {
    if (!binary) messages.push(JSON.parse((data as Buffer).toString()) as Record<string, unknown>);
  });
  const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)));
  const refusedWith = new Promise<number>((resolve) =>
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0)),
  );
  socket.on('error', () => undefined);
  const opened = new Promise<'open'>((resolve) => socket.on('open', () => resolve('open')));
  const outcome = await Promise.race([opened, refusedWith]);

  return {
    socket,
    /** 'open', or the HTTP status of the refused upgrade. */
    outcome,
    messages,
    /** The close code. */
    closed,
    /** Sends a request and answers its reply. */
    async call(type: string, data?: unknown): Promise<Record<string, unknown>> {
      const id = randomUUID();
      const reply = new Promise<Record<string, unknown>>((resolve, reject) => {
        socket.on('message', (text, binary) => {
          if (binary) return;
          const message = JSON.parse((text as Buffer).toString()) as Record<string, unknown>;
          if (message['id'] === id) resolve(message);
        });
        socket.on('close', (code) => reject(new Error(`closed with ${code}`)));
      });
      socket.send(JSON.stringify({ id, type, data }));
      return reply;
    },
  };
}
