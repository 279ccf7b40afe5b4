import { afterEach, describe, expect, it } from '@jest/globals';
import { CHANNELS, CLOSE_CODES } from '@romm-netplay/protocol/wire';
import { eventually } from '@romm-netplay/testing';
import jwt from 'jsonwebtoken';
import {
  codeOf,
  lose,
  nextEvent,
  rawSocket,
  startNode,
  type TestNode,
  type TestPlayer,
} from './support/node.js';

let node: TestNode;
afterEach(() => node.close());

const device = (player: TestPlayer) => node.connect('Device', player.subject);

describe('one player, several devices (S5)', () => {
  it('hands a live place over to the newer device, which keeps slot and ownership', async () => {
    node = await startNode();
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('den', { max_players: 2, password: 'open sesame' });
    await bob.join('den', { password: 'open sesame' });
    const tablet = await device(ada);
    const told = nextEvent(bob, 'users-updated');
    expect((await tablet.join('den')).slot).toBe(0);
    expect(await ada.socket.closed).toMatchObject({ code: CLOSE_CODES.takenOver.code, retry: false });
    // One change, and nobody was away in between.
    expect((await told).users).toMatchObject([
      { client_id: tablet.clientId, slot: 0, is_owner: true, connected: true },
      { client_id: bob.clientId, slot: 1, is_owner: false, connected: true },
    ]);
    const frame = new Promise((resolve) => bob.socket.onFrame(resolve));
    tablet.socket.sendFrame(CHANNELS.input, Uint8Array.of(1));
    expect(await frame).toMatchObject({ slot: 0 });
  });

  it('leaves the place with the newer device when the older one goes', async () => {
    node = await startNode();
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('den');
    await bob.join('den');
    const tablet = await device(ada);
    await tablet.join('den');
    await ada.socket.closed;
    await eventually(() => node.sfu.connections === 2);
    await tablet.socket.request('chat-message', { message: 'mine' });
    const { users } = (await (await node.connect('Cid')).join('den')).room;
    expect(users.map(({ connected }) => connected)).toEqual([true, true, true]);
  });

  it('refuses the newer device where that is the policy, before its token is used up', async () => {
    node = await startNode({ allowTakeover: false });
    const [ada, bob] = [await node.connect('Ada'), await node.connect('Bob')];
    await ada.open('den');
    await bob.join('den');
    const [tablet, token] = [await device(ada), await ada.writeToken()];
    expect(await codeOf(tablet.join('den', { token }))).toBe('already_in_room');
    await ada.socket.request('chat-message', { message: 'undisturbed' });
    // Once the old line is known to be dead, the same request works.
    await lose(ada, bob);
    expect((await tablet.join('den', { token })).slot).toBe(0);
  });

  it('works again by itself after a dead line, under the strict policy: the heartbeat finds it out', async () => {
    node = await startNode({ allowTakeover: false }, { limits: { heartbeatMs: 100 } });
    const subject = { sub: 'ada' };
    const frozen = await rawSocket(node.sfu, {
      headers: { authorization: `Bearer ${await node.readToken(subject)}` },
    });
    await frozen.call('open-room', { room_name: 'den', token: await node.writeToken(subject) });
    frozen.socket.pause();
    const back = await node.connect('Ada', subject);
    await eventually(async () => (await codeOf(back.join('den'))) === 'accepted');
  });

  it('gives the place to one of many devices that take it at once, and closes the others', async () => {
    node = await startNode();
    const ada = await node.connect('Ada');
    await ada.open('den');
    const devices = await Promise.all(Array.from({ length: 10 }, () => device(ada)));
    await Promise.all(devices.map((each) => codeOf(each.join('den'))));
    await eventually(() => node.sfu.connections === 1);
    const bob = await node.connect('Bob');
    const { users } = (await bob.join('den')).room;
    expect(users).toMatchObject([{ slot: 0, is_owner: true, connected: true }, { slot: 1 }]);
  });

  it('leaves rooms apart: a device in another room takes nothing over', async () => {
    node = await startNode();
    const ada = await node.connect('Ada');
    await ada.open('den');
    const tablet = await device(ada);
    await tablet.open('other');
    expect(await codeOf(tablet.join('den'))).toBe('already_in_room');
    await ada.socket.request('chat-message', { message: 'undisturbed' });
  });

  it('gives nothing to an equal sub of another issuer, ticket or not (S6, D5)', async () => {
    const secret = 'the-secret-that-romm-signs-with';
    const accept = { hs256Secret: secret, sfuType: false, oldMarkers: false, readTokenJoins: false };
    node = await startNode({ accept });
    const ada = await node.connect('Ada', { sub: 'ada' });
    const { resume_token: ticket } = await ada.open('den', { max_players: 2 });
    const tokenOf = (type: string, jti?: string) =>
      jwt.sign({ iss: 'romm:sfu', sub: 'ada', type, ...(jti && { jti }) }, secret, { expiresIn: 30 });
    const namesake = await rawSocket(node.sfu);
    await namesake.call('hello', { token: tokenOf('sfu:read') });
    expect(await namesake.call('resume-room', { room_name: 'den', resume_token: ticket })).toMatchObject({
      error: { code: 'resume_refused' },
    });
    const jti = await node.state.jtis.issue(30_000);
    const joined = await namesake.call('join-room', { room_name: 'den', token: tokenOf('sfu:write', jti) });
    expect(joined).toMatchObject({ ok: true, data: { slot: 1 } });
    await ada.socket.request('chat-message', { message: 'undisturbed' });
  });
});
