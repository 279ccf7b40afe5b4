/** Chat of stock EmulatorJS, which travels in messages of the game's own (N4, D22). */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { connectLegacy, type LegacyPlayer, stockExtra } from './support/legacy-player.js';
import { startNode, type TestNode } from './support/node.js';

let node: TestNode;
const players: LegacyPlayer[] = [];
beforeEach(async () => {
  node = await startNode();
});
afterEach(async () => {
  for (const { socket } of players.splice(0)) socket.disconnect();
  await node.close();
});

const stock = () => stockExtra('den', 'c0ffee00-0000-4000-8000-000000000000');
async function connect(name: string): Promise<LegacyPlayer> {
  const player = await connectLegacy(node, name);
  players.push(player);
  return player;
}
async function two(): Promise<{ ada: LegacyPlayer; bob: LegacyPlayer }> {
  const [ada, bob] = [await connect('Ada'), await connect('Bob')];
  await ada.enter('open-room', stock());
  return { ada, bob };
}

describe('stock EmulatorJS', () => {
  it('takes chat in data messages, under the name the server knows (D22)', async () => {
    const { ada, bob } = await two();
    await bob.enter('join-room', stock());
    const said = { message: 'hi', player_name: 'Ada', from: 'somebody', to: 'all' };
    bob.socket.emit('data-message', { 'chat-message': said });
    expect(await ada.heard('data-message')).toMatchObject([
      { 'chat-message': { player_name: 'Bob', message: 'hi' } },
    ]);
  });

  it('whispers to the one who is meant, under the same name, and to nobody else', async () => {
    const { ada, bob } = await two();
    const [, players] = await bob.enter('join-room', stock());
    const [adaId] = Object.keys(players as object);
    const cid = await connect('Cid');
    await cid.enter('join-room', stock());
    const whisperTo = (to: unknown, message: unknown = 'psst') =>
      bob.call('data-message', { 'chat-message': { message, to, player_name: 'Ada', from: adaId } });
    ada.clear();
    cid.clear();
    expect(await whisperTo(adaId)).toEqual([null]);
    expect(await ada.heard('data-message')).toMatchObject([
      { 'chat-message': { player_name: 'Bob', message: '(private) psst' } },
    ]);
    for (const to of ['nobody', ['all'], { all: true }, 7]) expect((await whisperTo(to))[0]).not.toBeNull();
    for (const message of [null, { html: '<b>' }, 7, '']) {
      expect([message, (await whisperTo('all', message))[0]]).toEqual([message, expect.any(String)]);
    }
    expect(cid.events.filter(([name]) => name === 'data-message')).toEqual([]);
  });

  it('gets what its game does from players only, and chat from nobody but the server', async () => {
    const { ada } = await two();
    const [player, watcher] = [await node.connect('Pia'), await node.connect('Wim')];
    await player.join('den');
    await watcher.join('den', { spectator: true });
    ada.clear();
    const forged = { 'chat-message': { player_name: 'Ada', message: 'mine', to: 'all' } };
    await watcher.socket.request('data-message', { data: { pause: true } });
    await player.socket.request('data-message', { data: forged });
    await player.socket.request('data-message', { data: { ...forged, frameAck: 3 } });
    expect(await ada.heard('data-message')).toMatchObject([{ frameAck: 3 }, { sender: player.clientId }]);
    expect(ada.events.filter(([name]) => name === 'data-message')).toEqual([
      ['data-message', { frameAck: 3 }, { sender: player.clientId }],
    ]);
  });
});
