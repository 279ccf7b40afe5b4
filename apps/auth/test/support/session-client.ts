import { parseSetCookie } from 'cookie';
import request from 'supertest';
import { refreshCookieName } from '../../src/http/refresh-cookie.js';

export interface Answer {
  readonly status: number;
  readonly body: {
    access_token: string;
    code?: string;
    detail?: string;
    player: { sub: string; netplay_username: string; role: string };
  };
  /** The refresh token the answer sets; '' when it takes the cookie away. */
  readonly refreshToken: string | undefined;
  readonly setCookie: string | undefined;
  readonly headers: Record<string, string>;
}

/** Calls the session endpoints as a browser would, with the cookie jar in the test's hands. */
export function sessionClient(url: string, cookieName = refreshCookieName(url)) {
  async function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await request(url).post(path).set(headers).send(body);
    const [setCookie] = (response.headers['set-cookie'] ?? []) as unknown as string[];
    const { name, value } = setCookie === undefined ? { name: '', value: '' } : parseSetCookie(setCookie);
    return {
      status: response.status,
      body: response.body,
      headers: response.headers,
      setCookie,
      refreshToken: name === cookieName ? (value ?? '') : undefined,
    };
  }
  const cookie = (refreshToken: string) => ({ cookie: `${cookieName}=${refreshToken}` });

  return {
    post,
    cookie,
    login: (username: string, password: string, headers = {}) =>
      post('/api/auth/login', { username, password }, headers),
    loginAs: (authorization: string, headers = {}) =>
      post('/api/auth/login', {}, { authorization: `Bearer ${authorization}`, ...headers }),
    refresh: (refreshToken: string, headers = {}) =>
      post('/api/auth/refresh', {}, { ...cookie(refreshToken), ...headers }),
    logout: (refreshToken: string, body = {}) => post('/api/auth/logout', body, cookie(refreshToken)),
    mint: (bearer: string, tokenType = 'read') =>
      request(url)
        .post('/api/sfu/token')
        .set('authorization', `Bearer ${bearer}`)
        .send({ token_type: tokenType }),
    sessions: (bearer: string) =>
      request(url).get('/api/auth/sessions').set('authorization', `Bearer ${bearer}`),
  };
}

export type SessionClient = ReturnType<typeof sessionClient>;
