import { surroundings } from './surroundings.js';
import type { WebSocketConstructor } from './web-socket.js';

/** The part of Web Locks that is used. */
export interface LocksLike {
  request<T>(
    name: string,
    options: { ifAvailable?: boolean; signal?: AbortSignal },
    work: (lock: unknown) => Promise<T>,
  ): Promise<T>;
}

/** The part of BroadcastChannel that is used. */
export interface ChannelLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  close(): void;
}

/** The part of Web Storage that is used. */
export interface StorageLike {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

export interface RuntimeOptions {
  readonly fetch?: typeof globalThis.fetch;
  /** The global one by default; Node before 22 has none, there pass that of `ws`. */
  readonly WebSocket?: WebSocketConstructor;
  /** Milliseconds of a clock that never runs backwards. */
  readonly now?: () => number;
  /** 0 to 1, for jitter. */
  readonly random?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** Resolves when the device is online again; undefined while it is. */
  readonly online?: () => Promise<void> | undefined;
  /** `navigator.locks` by default, so that one tab at a time refreshes. */
  readonly locks?: LocksLike;
  /** Opens the channel that tabs share; a `BroadcastChannel` by default. */
  readonly channel?: (name: string) => ChannelLike;
  /** What outlives the page; `localStorage` by default. */
  readonly storage?: StorageLike;
}

/** What the client needs of its surroundings. */
export interface Runtime {
  readonly fetch: typeof globalThis.fetch;
  readonly WebSocket: WebSocketConstructor | undefined;
  now(): number;
  random(): number;
  sleep(ms: number): Promise<void>;
  online(): Promise<void> | undefined;
  readonly locks: LocksLike;
  readonly channel: ((name: string) => ChannelLike) | undefined;
  readonly storage: StorageLike | undefined;
}

export function createRuntime(options: RuntimeOptions = {}): Runtime {
  // Programs have no cookie jar in common, so they must not share a session like tabs do.
  const inBrowser = surroundings.location !== undefined;
  const { fetch = globalThis.fetch, locks = inBrowser ? surroundings.navigator?.locks : undefined } = options;
  return {
    // Called bare: a browser's fetch refuses to be a method of another object.
    fetch: (input, init) => fetch(input, init),
    WebSocket: options.WebSocket,
    now: options.now ?? createClock(),
    random: options.random ?? Math.random,
    sleep: options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    online: options.online ?? untilOnline,
    locks: locks ?? createLocalLock(),
    channel: options.channel ?? (inBrowser ? browserChannel() : undefined),
    storage: options.storage ?? (inBrowser ? browserStorage() : undefined),
  };
}

/** Browsers throw where a page may keep nothing. */
function browserStorage(): StorageLike | undefined {
  try {
    return surroundings.localStorage;
  } catch {
    return undefined;
  }
}

function browserChannel(): RuntimeOptions['channel'] {
  const { BroadcastChannel } = surroundings;
  return BroadcastChannel && ((name) => new BroadcastChannel(name));
}

/** Goes on while the device sleeps, when performance.now() may stand still, and ignores a clock set back. */
function createClock(): () => number {
  let [monotonic, wall, elapsed] = [performance.now(), Date.now(), 0];
  return () => {
    const [nextMonotonic, nextWall] = [performance.now(), Date.now()];
    elapsed += Math.max(nextMonotonic - monotonic, nextWall - wall);
    [monotonic, wall] = [nextMonotonic, nextWall];
    return elapsed;
  };
}

/** One after another within this program; nobody else is there to lock out. */
function createLocalLock(): LocksLike {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    request(_name, _options, work) {
      const turn = tail.then(() => work(true));
      tail = turn.catch(() => undefined);
      return turn;
    },
  };
}

function untilOnline(): Promise<void> | undefined {
  if (surroundings.navigator?.onLine !== false) return undefined;
  return new Promise((resolve) => surroundings.addEventListener?.('online', () => resolve(), { once: true }));
}
