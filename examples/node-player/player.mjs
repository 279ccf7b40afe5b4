/**
 * A player without a screen: opens a room, or joins it when it is there, sends a byte a second, and says what
 * the others send. Start it twice.
 *
 *   npm run pack:client -- packed              (in the repository; it is not on npm yet)
 *   npm install ./packed/romm-netplay-client-*.tgz ws
 *   node player.mjs friday-night
 *
 * AUTH_URL and SFU_URL say where auth and the node are; what `npm start` runs without them. There a made-up id
 * signs in; elsewhere put a client token into AUTHORIZATION.
 */
import { randomUUID } from 'node:crypto';
import { clearInterval, setInterval, setTimeout } from 'node:timers';
import { createNetplayClient } from '@romm-netplay/client';

const { AUTH_URL, SFU_URL, AUTHORIZATION = `Bearer ${randomUUID()}` } = process.env;
const [name = 'friday-night', frames = 'Infinity'] = process.argv.slice(2);

const netplay = createNetplayClient({
  authUrl: AUTH_URL ?? 'http://localhost:3100',
  sfuUrl: SFU_URL ?? 'http://localhost:3001',
  identity: () => AUTHORIZATION,
});

const rooms = await netplay.rooms();
const isThere = rooms.some((room) => room.room_name === name);
const room = isThere ? await netplay.joinRoom({ name }) : await netplay.openRoom({ name });
console.log(`${isThere ? 'Joined' : 'Opened'} ${room.name}, slot ${room.slot}`);

function leave() {
  clearInterval(sending);
  void room.leave();
}

let received = 0;
room.onFrame(({ slot, payload }) => {
  console.log(`Slot ${slot} sent ${payload[0]}`);
  received += 1;
  // So that the others get one more.
  if (received === Number(frames)) setTimeout(leave, 1_500);
});
room.on('closed', ({ message }) => console.log(message));

let next = 0;
const sending = setInterval(() => room.sendFrame(0, new Uint8Array([next++ % 256])), 1_000);
