/** A page to try netplay with, and an example of the SDK: docs/CLIENT.md. */
import { createNetplayClient } from './netplay.js';

const INPUT_CHANNEL = 0;
const BUTTONS = [
  { key: 'ArrowUp', label: '↑' },
  { key: 'ArrowDown', label: '↓' },
  { key: 'ArrowLeft', label: '←' },
  { key: 'ArrowRight', label: '→' },
  { key: 'x', label: 'A' },
  { key: 'z', label: 'B' },
  { key: 'Enter', label: '⏎' },
];

const $ = (selector) => document.querySelector(selector);
const show = (id) => {
  for (const section of ['sign-in', 'lobby', 'room']) $(`#${section}`).hidden = section !== id;
};
const notice = (text) => {
  $('#notice').textContent = text;
};

const { authUrl, sfuUrl, identityProviders } = await (await fetch('config.json')).json();

/** Made-up players are one a tab, so that two tabs can play with each other. */
const madeUpId = () => sessionStorage.getItem('made-up-player');
let netplay = createClient();
let room;

function createClient() {
  const id = madeUpId();
  const client = createNetplayClient({ authUrl, sfuUrl, identity: id ? () => `Bearer ${id}` : 'session' });
  client.on('player-changed', (player) => void enter(player));
  return client;
}

/** Runs what a button asked for; says what went wrong in the words of the error. */
async function attempt(work) {
  notice('');
  try {
    await work();
  } catch (error) {
    notice(error.message);
  }
}
const onClick = (selector, work) => $(selector).addEventListener('click', () => void attempt(work));
const onSubmit = (selector, work) =>
  $(selector).addEventListener('submit', (event) => {
    event.preventDefault();
    void attempt(() => work(Object.fromEntries(new FormData(event.target)), event.target));
  });

// ---- signing in

function offerSignIn() {
  $('#who').hidden = true;
  $('#as-made-up').hidden = !identityProviders.includes('dev');
  $('#with-account').hidden = !identityProviders.includes('local');
  $('#with-romm').hidden = !identityProviders.includes('romm');
  show('sign-in');
}

async function enter(player) {
  if (player === undefined) {
    offerSignIn();
    return;
  }
  $('#who').hidden = false;
  $('#who span').textContent = player.netplay_username;
  show('lobby');
  await attempt(listRooms);
}

onClick('#made-up', async () => {
  sessionStorage.setItem('made-up-player', crypto.randomUUID());
  await netplay.close();
  netplay = createClient();
  await netplay.restore();
});
onSubmit('#with-account', async ({ username, password }, form) => {
  await netplay.signIn({ username, password });
  form.reset();
});
onClick('#romm', () => netplay.signIn());
onClick('#sign-out', async () => {
  await room?.leave();
  if (madeUpId()) {
    sessionStorage.removeItem('made-up-player');
    await netplay.close();
    netplay = createClient();
    offerSignIn();
  } else {
    await netplay.signOut();
  }
});

// ---- the list of rooms

async function listRooms() {
  const rooms = await netplay.rooms();
  $('#no-rooms').hidden = rooms.length > 0;
  $('#rooms').replaceChildren(...rooms.map(rowOf));
}

function rowOf({ room_name: name, current, max, hasPassword }) {
  const row = document.createElement('tr');
  const join = document.createElement('button');
  join.textContent = 'Join';
  join.addEventListener('click', () =>
    attempt(() => {
      const password = hasPassword ? (prompt(`Password of ${name}`) ?? undefined) : undefined;
      return play(netplay.joinRoom({ name, password }));
    }),
  );
  for (const content of [hasPassword ? `${name} (password)` : name, `${current}/${max}`, join]) {
    row.insertCell().append(content);
  }
  return row;
}

onClick('#refresh', listRooms);
onSubmit('#open', ({ name, slots, password }) =>
  play(netplay.openRoom({ name, maxPlayers: Number(slots), ...(password && { password }) })),
);

// ---- in a room

/** Which buttons each slot holds down, as one bit a button. */
const pressed = new Map();

async function play(entering) {
  room = await entering;
  pressed.clear();
  $('#chat').replaceChildren();
  $('#room h2').textContent = room.name;
  room.on('users-updated', showPlayers);
  room.on('state', showLine);
  room.on('chat-message', ({ name, message }) => {
    const line = document.createElement('li');
    line.textContent = `${name}: ${message}`;
    $('#chat').append(line);
    line.scrollIntoView({ block: 'nearest' });
  });
  room.on('error', ({ message }) => notice(message));
  room.on('closed', ({ code, message }) => {
    room = undefined;
    void enter(netplay.player).then(() => notice(code === 'left' ? '' : message));
  });
  room.onFrame(({ channel, slot, payload }) => {
    if (channel !== INPUT_CHANNEL) return;
    pressed.set(slot, payload[0] ?? 0);
    lightUp(slot);
  });
  show('room');
  showLine(room.state);
  showPlayers(room);
}

function showLine(state) {
  const seat = room?.slot === null ? 'watching' : `player ${(room?.slot ?? 0) + 1}`;
  $('#line').textContent = state === 'connected' ? `You are ${seat}.` : 'The line is down; coming back …';
}

function showPlayers({ users }) {
  $('#players').replaceChildren(
    ...users.map(({ slot, name, is_owner: isOwner, connected }) => {
      const item = document.createElement('li');
      item.dataset.slot = String(slot);
      item.classList.toggle('away', !connected);
      const label = document.createElement('span');
      label.className = 'name';
      const seat = slot === null ? 'watching' : `P${slot + 1}`;
      label.textContent = `${seat}  ${name}${isOwner ? ' (host)' : ''}${connected ? '' : ', away'}`;
      const pad = document.createElement('span');
      pad.className = 'pad';
      pad.append(
        ...BUTTONS.map((button) => {
          const cell = document.createElement('span');
          cell.textContent = button.label;
          return cell;
        }),
      );
      item.append(label, ...(slot === null ? [] : [pad]));
      return item;
    }),
  );
  for (const slot of pressed.keys()) lightUp(slot);
}

function lightUp(slot) {
  const cells = document.querySelectorAll(`#players [data-slot="${slot}"] .pad span`);
  cells.forEach((cell, button) => cell.classList.toggle('lit', ((pressed.get(slot) ?? 0) >> button) & 1));
}

function onKey(event, isDown) {
  const button = BUTTONS.findIndex(({ key }) => key === event.key);
  if (!room || room.slot === null || button < 0 || event.repeat || event.target.matches('input')) return;
  event.preventDefault();
  const before = pressed.get(room.slot) ?? 0;
  const now = isDown ? before | (1 << button) : before & ~(1 << button);
  pressed.set(room.slot, now);
  room.sendFrame(INPUT_CHANNEL, Uint8Array.of(now));
  lightUp(room.slot);
}
addEventListener('keydown', (event) => onKey(event, true));
addEventListener('keyup', (event) => onKey(event, false));

onClick('#leave', () => room?.leave());
onSubmit('#say', async ({ message }, form) => {
  await room?.chat(message);
  form.reset();
});

// ---- start

offerSignIn();
await attempt(() => netplay.restore());
