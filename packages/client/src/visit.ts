import type { Seat } from '@romm-netplay/protocol';
import type { Announcements } from './announcements.js';
import type { ClientParts } from './client.js';
import { codeOf, NetplayError } from './errors.js';
import { createForeignNodes } from './foreign-nodes.js';
import { badResponse } from './http.js';
import type { Entry } from './open-rooms.js';
import type { NetplayRoom } from './room.js';
import { createSfuAccess } from './sfu-access.js';
import { createTokens } from './tokens.js';
import { explainVisit } from './visit-errors.js';

/** What the player does at one other instance, with tokens that are of use there only (P2.5). */
export interface Visit {
  /** Runs `enter` with what opens and joins rooms there. */
  enter(enter: (entry: Entry) => Promise<NetplayRoom>): Promise<NetplayRoom>;
  /** Forgets the tokens for it; the session here goes on. */
  forgetTokens(): void;
}

export interface VisitDeps extends ClientParts {
  readonly announcements: Announcements;
  readonly instance: string;
  readonly followRedirects: boolean;
}

export function createVisit(deps: VisitDeps): Visit {
  const { runtime, authUrl, auth, credential, openRooms, announcements, instance, followRedirects } = deps;
  let endings = 0;
  /** What the other instance ends is the visit. */
  const visitor = {
    get epoch() {
      return credential.epoch + endings;
    },
    cookies: credential.cookies,
    ended(epoch: number) {
      if (epoch === visitor.epoch) endings += 1;
    },
  };
  const tokens = createTokens({ runtime, authUrl, auth, credential: visitor, audience: instance });
  const access = createSfuAccess({ runtime, tokens, credential: visitor });
  const { random } = runtime;
  const nodes = createForeignNodes({ announcements, instance, authUrl, followRedirects, random });
  const entry = openRooms.entryTo({
    ...{ runtime, credential: visitor, tokens, access, nodes, followRedirects },
    entrance: (room) => nodes.find(room),
    check: checkSeat,
    explain: explainVisit,
  });

  return {
    async enter(enter) {
      try {
        // The tokens may be of an agreement that was taken back and given again elsewhere.
        return await enter(entry).catch((error: unknown) => {
          if (codeOf(error) !== 'token_revoked') throw error;
          return enter(entry);
        });
      } catch (error) {
        throw error instanceof NetplayError ? explainVisit(error) : error;
      }
    },
    forgetTokens: () => visitor.ended(visitor.epoch),
  };
}

/** Another instance may run anything. @throws NetplayError bad_response */
function checkSeat(seat: Partial<Seat>): void {
  const { room, resume_token: ticket, chat } = seat;
  const users: unknown = room?.users;
  const isSeat =
    typeof ticket === 'string' && Array.isArray(chat) && Array.isArray(users) && users.every(isObject);
  if (!isSeat) throw badResponse('The node of the other instance');
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
