import type { HttpError } from '@romm-netplay/service-kit';

const WORDS: Readonly<Record<string, string>> = {
  room_exists: 'room already exists',
  room_not_found: 'room not found',
  room_elsewhere: 'room not found',
  wrong_password: 'incorrect password',
  room_full: 'room is full',
};

/** A refusal in the words of romm-sfu-server, whose clients read `error`: 401 is never 503 (D9). */
export function legacyError({ status, code, message }: HttpError): { error: string } {
  if (status === 401) return { error: 'unauthorized' };
  if (status === 503) return { error: 'auth unavailable' };
  if (Object.hasOwn(WORDS, code)) return { error: WORDS[code] ?? message };
  // Who wants to know the field reads `detail`.
  return { error: message.replace(/^(?:body|query|params)(?:\.\w+)*: /, '') };
}
