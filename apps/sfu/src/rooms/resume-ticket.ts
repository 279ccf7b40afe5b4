import { createHash, timingSafeEqual } from 'node:crypto';

/** Fits no ticket: what a ticket is compared with where there is no place. */
export const NO_TICKET: Buffer = Buffer.alloc(32);

/** What a room keeps of a ticket: whoever reads the memory of a node cannot resume with it. */
export const hashTicket = (ticket: string): Buffer => createHash('sha256').update(ticket).digest();

/** In constant time, so that no prefix of a ticket can be found out. */
export const fitsTicket = (ticket: string, hash: Buffer): boolean =>
  timingSafeEqual(hashTicket(ticket), hash);
