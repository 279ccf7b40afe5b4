import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createMemoryState, StateUnavailableError, type SharedState } from '@romm-netplay/shared-state';
import { createTokenIssuer, generateSigningKey } from '@romm-netplay/token-core';
import { codeOf, ISSUER, startNode, type TestNode, type TestPlayer } from './support/node.js';

let node: TestNode;
let ada: TestPlayer;
beforeEach(async () => {
  node = await startNode();
  ada = await node.connect('Ada');
});
afterEach(() => node.close());

const openWith = (player: TestPlayer, token: string, roomName = 'den') =>
  codeOf(player.socket.request('open-room', { room_name: roomName, token }));

describe('opening and joining cost a write token (P1.4, P1.9, D1)', () => {
  it('refuses a used token', async () => {
    const token = await ada.writeToken();
    expect(await openWith(ada, token)).toBe('accepted');
    await ada.socket.request('leave-room', {});
    expect(await openWith(ada, token)).toBe('token_used');
    expect(await codeOf(ada.socket.request('join-room', { room_name: 'den', token }))).toBe('room_not_found');
  });

  it('refuses everything that is not a write token of this player', async () => {
    const bob = await node.connect('Bob');
    const forger = createTokenIssuer({ issuer: ISSUER, signingKey: await signer() });
    const stranger = createTokenIssuer({ issuer: 'https://evil.example', signingKey: () => node.key });
    const unminted = (await node.issuer.issueWriteToken(ada.subject, ISSUER)).token;
    const table: [string, string][] = [
      ['token_type', await node.readToken(ada.subject)],
      ['token_not_yours', await bob.writeToken()],
      ['token_used', unminted],
      ['token_key_unknown', (await forger.issueWriteToken(ada.subject, ISSUER)).token],
      ['token_issuer_untrusted', (await stranger.issueWriteToken(ada.subject, ISSUER)).token],
      ['token_audience', (await node.issuer.issueWriteToken(ada.subject, 'https://other.example')).token],
      ['token_malformed', 'garbage'],
    ];
    for (const [code, token] of table) expect([code, await openWith(ada, token)]).toEqual([code, code]);
    expect(node.sfu.rooms).toBe(0);
  });

  it('does not use up a token that the refused request did not need (D10)', async () => {
    const bob = await node.connect('Bob');
    await bob.open('taken');
    await (await node.connect('Cid')).open('full', { max_players: 1 });
    const token = await ada.writeToken();
    const request = (type: 'open-room' | 'join-room', data: object) =>
      codeOf(ada.socket.request(type, { token, ...data } as never));
    expect(await request('open-room', { room_name: '..' })).toBe('invalid_request');
    expect(await request('open-room', { room_name: 'taken' })).toBe('room_exists');
    expect(await request('join-room', { room_name: 'nowhere' })).toBe('room_not_found');
    expect(await request('join-room', { room_name: 'full' })).toBe('room_full');
    expect(await openWith(bob, token)).toBe('already_in_room');
    expect(await openWith(ada, token)).toBe('accepted');
  });

  it('does not use up somebody else’s token', async () => {
    const bob = await node.connect('Bob');
    const token = await bob.writeToken();
    expect(await openWith(ada, token)).toBe('token_not_yours');
    expect(await openWith(bob, token)).toBe('accepted');
  });

  it('lets one of 50 racing sockets of a player use a token', async () => {
    const subject = { sub: 'racer' };
    const sockets = await Promise.all(Array.from({ length: 50 }, () => node.connect('Racer', subject)));
    const token = await node.writeToken(subject);
    const codes = await Promise.all(sockets.map((socket, i) => openWith(socket, token, `room-${i}`)));
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(codes.filter((code) => code === 'token_used')).toHaveLength(49);
    expect(node.sfu.rooms).toBe(1);
  });

  async function signer() {
    const key = await generateSigningKey('ES256');
    return () => key;
  }
});

describe('when the shared state is away (D9)', () => {
  it('says so, opens nothing, and works again afterwards', async () => {
    const memory = createMemoryState();
    let away = false;
    const guard = <T extends object>(port: T): T =>
      new Proxy(port, {
        get: (target, member) =>
          away ? () => Promise.reject(new StateUnavailableError()) : Reflect.get(target, member),
      });
    const state: SharedState = { ...memory, jtis: guard(memory.jtis), rooms: guard(memory.rooms) };
    const flaky = await startNode({}, { state });
    const player = await flaky.connect('Ada');
    const token = await player.writeToken();
    away = true;
    expect(await openWith(player, token)).toBe('unavailable');
    expect(await codeOf(player.socket.request('list-rooms', {}))).toBe('unavailable');
    expect(flaky.sfu.rooms).toBe(0);
    away = false;
    expect(await openWith(player, token)).toBe('accepted');
    await flaky.close();
  });
});
