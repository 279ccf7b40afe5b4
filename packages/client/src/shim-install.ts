import { createAuthAccess } from './auth-access.js';
import { parseBaseUrl } from './base-url.js';
import { cookieCredential } from './credential.js';
import { NetplayError } from './errors.js';
import { createRuntime, type Runtime, type RuntimeOptions } from './runtime.js';
import { createSession } from './session.js';
import type { ShimPage } from './shim-page.js';
import { createThrottle, type Throttle } from './shim-throttle.js';
import { createTokens, type MintedToken, RENEW_BEFORE_MS, type TokenType } from './tokens.js';
import { timeLimit } from './time-limit.js';

export interface ShimSettings {
  readonly authUrl: string;
  readonly sfuUrl?: string | undefined;
  /** 'cookie' by default: the page is RomM's own. */
  readonly identity?: string | undefined;
}

const COOKIE = 'romm_sfu_token';
const REQUEST_TIMEOUT_MS = 10_000;

/** Gives a page `EJS_netplayToken`, `handleSfuAuthError` and the cookie that players of today read. */
export function installShim(page: ShimPage, settings: ShimSettings, options: RuntimeOptions = {}): void {
  const plain = createRuntime(options);
  const throttle = createThrottle(plain);
  const runtime = throttled(plain, throttle);
  const authUrl = parseBaseUrl('data-auth-url', settings.authUrl);
  const session =
    settings.identity === 'session'
      ? createSession({ runtime, authUrl, onPlayer: playerChanged })
      : undefined;
  const credential = session ?? cookieCredential;
  const auth = createAuthAccess({ runtime, credential, tries: 1 });
  const tokens = createTokens({ runtime, authUrl, auth, credential });
  const flights = new Map<TokenType, Promise<boolean>>();
  let read: MintedToken | undefined;
  let write: MintedToken | undefined;
  /** What the page itself had or set; shown until there is a token of our own. */
  let given = page.EJS_netplayToken ?? '';
  let shown = given;
  let warned = '';

  const remainingMs = (minted: MintedToken | undefined): number =>
    minted ? Math.max(0, minted.expiresAtMs - runtime.now()) : 0;

  /** Shows what is valid just now: a write token for its few seconds, else the read token, else the page's. */
  function show(): void {
    const [own, type] = remainingMs(write) > 0 ? [write, 'write'] : [read, 'read'];
    const leftMs = remainingMs(own);
    const token = own && leftMs > 0 ? own.token : given;
    if (token === shown) return;
    shown = token;
    if (token === '' || token !== given) setCookie(page, token, leftMs);
    page.dispatchEvent(new page.CustomEvent('netplay-token', { detail: { type: token && type } }));
  }

  function forget(type?: TokenType): void {
    if (type !== 'write') [read, given] = [undefined, ''];
    write = undefined;
  }

  async function renew(type: TokenType, isAsked: boolean): Promise<boolean> {
    try {
      const minted = await tokens.mint(type);
      if (type === 'write') write = minted;
      else [read, write] = [minted, undefined];
      throttle.succeeded();
      warned = '';
    } catch (error) {
      throttle.failed();
      // A node refused what was shown: better none than that one.
      if (isAsked) forget(type);
      const warning = `netplay: no ${type} token. ${explain(error)}`;
      if (warning !== warned) page.console.warn(warning);
      warned = warning;
      return false;
    } finally {
      flights.delete(type);
      show();
    }
    return true;
  }

  function once(type: TokenType, isAsked: boolean): Promise<boolean> {
    const flight = flights.get(type) ?? renew(type, isAsked);
    flights.set(type, flight);
    return flight;
  }

  function playerChanged(): void {
    forget();
    show();
  }

  Object.defineProperty(page, 'EJS_netplayToken', {
    configurable: true,
    enumerable: true,
    get() {
      show();
      if (remainingMs(read) <= RENEW_BEFORE_MS && !throttle.isQuiet()) void once('read', false);
      return shown;
    },
    // A page that fetches tokens itself may go on doing so.
    set(value: string) {
      forget();
      given = shown = value;
    },
  });
  page.handleSfuAuthError = (type) => once(type === 'write' ? 'write' : 'read', true);
  if (settings.sfuUrl !== undefined) page.EJS_netplayUrl ??= settings.sfuUrl;
  void once('read', false);
}

/** Every request to auth waits for its turn; its time limit begins after that. */
const throttled = (runtime: Runtime, { turn }: Throttle): Runtime => ({
  ...runtime,
  async fetch(input, init) {
    await turn();
    return runtime.fetch(input, { ...init, signal: timeLimit(REQUEST_TIMEOUT_MS) });
  },
});

function setCookie({ document, location }: ShimPage, token: string, lifetimeMs: number): void {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  const age = Math.floor(lifetimeMs / 1_000);
  document.cookie = `${COOKIE}=${encodeURIComponent(token)}; path=/; SameSite=Strict; Max-Age=${age}${secure}`;
}

const explain = (error: unknown): string =>
  error instanceof NetplayError ? error.message : 'Something failed in the script.';
