import { clientError } from './errors.js';
import type { Cookies } from './http.js';

/** How a player proves to auth who they are; `session` in `session.ts` is the third way. */
export interface Credential {
  /**
   * The Authorization header for auth; undefined where a cookie speaks for the player.
   * `refused` is the value that auth has just refused: try to answer another.
   */
  authorization(refused?: string): Promise<string | undefined>;
  readonly cookies: Cookies;
  /** Counts the sessions that are over: what was got in an earlier epoch belongs to one of them. */
  readonly epoch: number;
  /** A server says that the session of this epoch is over. */
  ended(epoch: number): void;
}

/** The part that hears of it when a node ends what the player does there. */
export type Ending = Pick<Credential, 'epoch' | 'ended'>;

/** The page's own RomM cookie. */
export const cookieCredential: Credential = {
  authorization: () => Promise.resolve(undefined),
  cookies: 'include',
  epoch: 0,
  ended: () => undefined,
};

/** A client token or development id that the page has; asked for anew whenever it is needed. */
export const headerCredential = (header: () => string | Promise<string>): Credential => ({
  async authorization() {
    const value = await header();
    if (!value) throw clientError('not_signed_in');
    return value;
  },
  cookies: 'same-origin',
  epoch: 0,
  ended: () => undefined,
});
