import { NetplayError } from '@romm-netplay/client';
import type { Transcript } from './transcript.js';

/** Claims that an attempt fails, with this code. */
export async function refused(
  transcript: Transcript,
  what: string,
  code: string,
  attempt: () => Promise<unknown>,
): Promise<void> {
  try {
    await attempt();
    transcript.claim(`${what} -> accepted`, false);
  } catch (error) {
    const answered = error instanceof NetplayError ? error.code : String(error);
    transcript.claim(`${what} -> refused: ${answered}`, answered === code);
  }
}
