/** What a partner may ask of the rooms here (P2.8), and how often. */
import { describe, expect, it } from '@jest/globals';
import type { RegisteredIssuer } from '@romm-netplay/protocol';
import { createMemoryAttemptLimiter, createMemoryState } from '@romm-netplay/shared-state';
import { SHARED_ROOMS_RULE, shareRooms } from '../src/federation/discovery/share-rooms.js';

const peerAt = (issuer: string) => ({ issuer, permissions: ['rooms:list'] }) as unknown as RegisteredIssuer;

describe('a partner who asks for the rooms too often', () => {
  it('has to wait, and nobody else has', async () => {
    const { rooms, nodes } = createMemoryState();
    const sharedRooms = createMemoryAttemptLimiter({ ...SHARED_ROOMS_RULE, attempts: 3 });
    const ask = (issuer: string) =>
      shareRooms({ rooms, nodes, sharedRooms, audience: 'https://here.example' }, peerAt(issuer)).then(
        () => 'answered',
        (error: unknown) => {
          const { code, retryAfterSeconds } = error as { code: string; retryAfterSeconds?: number };
          return [code, retryAfterSeconds];
        },
      );
    const eager = [];
    for (let call = 0; call < 5; call += 1) eager.push(await ask('https://eager.example'));
    expect(eager.slice(0, 3)).toEqual(['answered', 'answered', 'answered']);
    for (const refused of eager.slice(3)) expect(refused).toEqual(['too_many_calls', expect.any(Number)]);
    expect(await ask('https://calm.example')).toBe('answered');
  });

  it('is not one who asks as often as this software does', () => {
    // Every five seconds while players look, from ten replicas.
    expect(SHARED_ROOMS_RULE.attempts / SHARED_ROOMS_RULE.windowSeconds).toBeGreaterThan(10 / 5);
  });
});
