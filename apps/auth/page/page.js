/** A page to try netplay with, and an example of the SDK: docs/CLIENT.md. */
import { askConsent, instanceItem, whenHeard, whyNot } from './elsewhere.js';
import { createFederatedClient } from './netplay-federation.js';

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

/** The page is below the address of auth, wherever a proxy puts that. */
const authUrl = new URL('..', location.href).href.replace(/\/$/, '');
const { sfuUrl, identityProviders } = await configuration();

async function configuration() {
  for (;;) {
    const known = await (await fetch('config.json')).json();
    if (known.sfuUrl !== null) return known;
    notice('No game node answers just now; trying again …');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    notice('');
  }
}

/** Made-up players are one a tab, so that two tabs can play with each other. */
const madeUpId = () => sessionStorage.getItem('made-up-player');
let netplay = createClient();
let room;

function createClient() {
  const id = madeUpId();
  const client = createFederatedClient({ authUrl, sfuUrl, identity: id ? () => `Bearer ${id}` : 'session' });
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

const REFRESH_MS = 5_000;
/** What is shown; undefined: nothing that could stay. */
let listed;

async function listRooms() {
  const [{ rooms, foreignRooms, instances }, visitable] = await Promise.all([
    netplay.federatedRooms(),
    netplay.instances(),
  ]);
  // What has not changed stays: nobody clicks beside a button that was just replaced.
  const news = JSON.stringify([rooms, foreignRooms, instances, visitable], (key, value) =>
    key === 'age_ms' || key === 'updatedAt' ? undefined : value,
  );
  if (news === listed) return;
  listed = news;
  const all = [...rooms, ...foreignRooms];
  $('#no-rooms').hidden = all.length > 0;
  $('#rooms').replaceChildren(...all.map((room) => rowOf(room, instances)));
  $('#elsewhere').hidden = visitable.length === 0;
  const withdraw = ({ issuer }) =>
    attempt(async () => {
      await netplay.withdrawConsent(issuer);
      await listRooms();
    });
  $('#instances').replaceChildren(...visitable.map((each) => instanceItem(each, instances, withdraw)));
}

function rowOf(room, instances) {
  const { room_name: name, current, max, hasPassword, instance, instance_label: label } = room;
  const row = document.createElement('tr');
  const known = instances.find(({ issuer }) => issuer === instance);
  for (const content of [
    hasPassword ? `${name} (password)` : name,
    instance === undefined ? 'here' : [label, whenHeard(known)].filter(Boolean).join(', '),
    `${current}/${max}`,
    whyNot(room) ?? joinButton(room),
  ]) {
    row.insertCell().append(content);
  }
  return row;
}

function joinButton({ room_name: name, hasPassword, instance, instance_label: label }) {
  const join = document.createElement('button');
  join.textContent = 'Join';
  join.addEventListener('click', () =>
    attempt(() => {
      const password = hasPassword ? (prompt(`Password of ${name}`) ?? undefined) : undefined;
      return play(joinOnceAgreed({ name, password, instance }), label);
    }),
  );
  return join;
}

/** Joins, and asks the player first whether another instance may know who they are. */
async function joinOnceAgreed(options) {
  try {
    return await netplay.joinRoom(options);
  } catch (error) {
    if (error.code !== 'consent_required') throw error;
    const asked = (await netplay.instances()).find(({ issuer }) => issuer === options.instance);
    if (asked === undefined || !(await askConsent(asked, netplay.player))) throw error;
    await netplay.giveConsent(asked.issuer);
    // Shows where it can be taken back, even if joining fails.
    await listRooms();
    return netplay.joinRoom(options);
  }
}

onClick('#refresh', listRooms);
setInterval(() => {
  // A button that fails says why; this tries again by itself.
  if (!$('#lobby').hidden && !document.hidden) listRooms().catch(() => undefined);
}, REFRESH_MS);
onSubmit('#open', ({ name, slots, password, visibility }) =>
  play(netplay.openRoom({ name, maxPlayers: Number(slots), visibility, ...(password && { password }) })),
);

// ---- in a room

/** Which buttons each slot holds down, as one bit a button. */
const pressed = new Map();

async function play(entering, where) {
  room = await entering;
  pressed.clear();
  $('#chat').replaceChildren();
  $('#room h2').textContent = where === undefined ? room.name : `${room.name} at ${where}`;
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
    ...users.map(({ slot, name, player_id: playerId, is_owner: isOwner, connected }) => {
      const item = document.createElement('li');
      item.dataset.slot = String(slot);
      item.classList.toggle('away', !connected);
      const label = document.createElement('span');
      label.className = 'name';
      label.title = `player_id ${playerId}`;
      const seat = slot === null ? 'watching' : `P${slot + 1}`;
      label.textContent = `${seat}  ${name}${isOwner ? ' (host)' : ''}${connected ? '' : ', away'}`;
      const pad = document.createElement('span');
      pad.className = slot === room?.slot ? 'pad own' : 'pad';
      pad.append(
        ...BUTTONS.map(({ label: sign }, button) => {
          const cell = document.createElement('span');
          cell.textContent = sign;
          if (slot === room?.slot) {
            cell.addEventListener('pointerdown', () => press(button, true));
            for (const end of ['pointerup', 'pointerleave'])
              cell.addEventListener(end, () => press(button, false));
          }
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
  if (button < 0 || event.repeat || event.target.matches('input') || !press(button, isDown)) return;
  event.preventDefault();
}

/** Sends a button of the player's own pad; false when they have none. */
function press(button, isDown) {
  if (!room || room.slot === null) return false;
  const before = pressed.get(room.slot) ?? 0;
  const now = isDown ? before | (1 << button) : before & ~(1 << button);
  if (now === before) return true;
  pressed.set(room.slot, now);
  room.sendFrame(INPUT_CHANNEL, Uint8Array.of(now));
  lightUp(room.slot);
  return true;
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
