import { cleanName, cutName } from '@romm-netplay/protocol';
import { MAX_PLAYER_NAME_LENGTH } from '@romm-netplay/protocol/wire';

/** What RomM knows of a user that may hold the name others see; of any type, since users can store anything. */
export interface NameSources {
  readonly netplayid?: unknown;
  readonly ui_settings?: unknown;
  readonly username?: unknown;
}

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
    const name = typeof candidate === 'string' ? cutName(cleanName(candidate), MAX_PLAYER_NAME_LENGTH) : '';
    if (name !== '') return name;
  }
  return undefined;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
