/** What RomM knows of a user that may hold the name others see; of any type, since users can store anything. */
export interface NameSources {
  readonly netplayid?: unknown;
  readonly ui_settings?: unknown;
  readonly username?: unknown;
}

const MAX_NAME_LENGTH = 64;
/** Control characters, halves of surrogate pairs, line ends, and marks that turn the direction of a text. */
const UNSHOWABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/gu;

/**
 * The name other players see (S4): the netplay id, else what the settings of RomM's page or of its player
 * hold, else the username. Undefined when none of them is a text with something to show.
 */
export function netplayNameOf({
  netplayid,
  ui_settings: settings,
  username,
}: NameSources): string | undefined {
  const inner = memberOf(settings, 'settings');
  const candidates = [
    netplayid,
    memberOf(settings, 'netplay_username'),
    memberOf(settings, 'netplayUsername'),
    memberOf(inner, 'netplayUsername'),
    memberOf(inner, 'netplay_username'),
    username,
  ];
  for (const candidate of candidates) {
    const name = typeof candidate === 'string' ? showable(candidate) : '';
    if (name !== '') return name;
  }
  return undefined;
}

/** Cut by whole characters: half of one would not survive the way through JSON and UTF-8. */
function showable(text: string): string {
  const characters = Array.from(text.replace(UNSHOWABLE, '').trim());
  return characters.slice(0, MAX_NAME_LENGTH).join('').trim();
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
