import { createHash } from 'node:crypto';

/** What a player does for a while with the page open. */
export interface Stretch {
  /** `browse`: look at the room list at once and every two minutes. `join`, `open`: then play until the end. */
  readonly what: 'browse' | 'join' | 'open';
  readonly minutes: number;
}

export const HOUR_MINUTES = 60;
export const LIST_REFRESH_MINUTES = 2;

/** The hour that the aims are about. */
export const NORMAL = 'normal: 3 rooms';

export const HOURS: Readonly<Record<string, readonly Stretch[]>> = {
  'only the list': [{ what: 'browse', minutes: 60 }],
  'quiet: 1 room': [
    { what: 'browse', minutes: 10 },
    { what: 'join', minutes: 50 },
  ],
  [NORMAL]: [
    { what: 'browse', minutes: 5 },
    { what: 'join', minutes: 20 },
    { what: 'browse', minutes: 5 },
    { what: 'join', minutes: 15 },
    { what: 'browse', minutes: 3 },
    { what: 'open', minutes: 12 },
  ],
  'busy: 6 rooms': [
    ...evenly(4, 40, 16),
    { what: 'browse', minutes: 4 },
    { what: 'open', minutes: 6 },
    { what: 'browse', minutes: 4 },
    { what: 'open', minutes: 6 },
  ],
  'restless: 12 rooms': evenly(12, 60, 24),
};

/** Rooms that are joined one after another, with the same time of browsing before each. */
export function evenly(rooms: number, minutes: number, browsingMinutes: number): Stretch[] {
  const round: Stretch[] = [
    { what: 'browse', minutes: browsingMinutes / rooms },
    { what: 'join', minutes: (minutes - browsingMinutes) / rooms },
  ];
  return Array.from({ length: rooms }, () => round).flat();
}

/** Rooms joined at random times of the hour and left at random times; the same hour for the same `seed`. */
export function randomHour(rooms: number, seed: string): Stretch[] {
  const cuts = Array.from(
    { length: 2 * rooms - 1 },
    (_, index) => fraction(`${seed}/${index}`) * HOUR_MINUTES,
  );
  const times = [0, ...cuts.sort((a, b) => a - b), HOUR_MINUTES];
  return times.slice(1).map((time, index) => ({
    what: index % 2 === 0 ? 'browse' : 'join',
    minutes: time - times[index]!,
  }));
}

/** 0 to 1. */
const fraction = (seed: string): number =>
  createHash('sha256').update(seed).digest().readUInt32LE() / 2 ** 32;

export const roomsOf = (hour: readonly Stretch[]): number =>
  hour.filter(({ what }) => what !== 'browse').length;
