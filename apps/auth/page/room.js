import { notice, onClick, onSubmit } from './notice.js';
import { sentenceOf } from './sentences.js';

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
let room;
/** Who the host was when somebody last came or went; undefined: nobody yet. */
let host;
/** Which buttons each slot holds down, as one bit a button. */
const pressed = new Map();

/** Shows a room until it is over for this player, and then calls `onOver` with why. */
export function showRoom(entered, where, onOver) {
  room = entered;
  host = undefined;
  pressed.clear();
  $('#chat').replaceChildren();
  $('#room h2').textContent = where === undefined ? room.name : `${room.name} at ${where}`;
  entered.on('users-updated', showPlayers);
  entered.on('state', showLine);
  for (const line of entered.history) showChat(line);
  entered.on('chat-message', showChat);
  entered.on('error', (error) => notice(sentenceOf(error)));
  entered.on('closed', (reason) => {
    room = undefined;
    onOver(reason);
  });
  entered.onFrame(({ channel, slot, payload }) => {
    if (channel !== INPUT_CHANNEL) return;
    pressed.set(slot, payload[0] ?? 0);
    lightUp(slot);
  });
  showLine(room.state);
  showPlayers(room);
}

/** Gives the place up, if there is one. */
export const leaveRoom = () => room?.leave();

function showLine(state) {
  const slot = room?.slot ?? null;
  const seat =
    slot === null ? 'You are watching.' : `You are player ${slot + 1}: use the keys or the buttons below.`;
  $('#line').textContent = state === 'connected' ? seat : 'The line is down; coming back …';
  $('#keys').hidden = slot === null;
  $('#line').classList.toggle('down', state !== 'connected');
}

function showChat({ name, message }) {
  const line = document.createElement('li');
  const who = document.createElement('b');
  who.textContent = name;
  line.append(who, `: ${message}`);
  $('#chat').append(line);
  $('#chat').scrollTop = $('#chat').scrollHeight;
}

function showPlayers({ users }) {
  tellOfHost(users);
  $('#players').replaceChildren(...users.map(playerItem));
  for (const slot of pressed.keys()) lightUp(slot);
  if (room) showLine(room.state);
}

/** The room goes on when its host leaves, under another. */
function tellOfHost(users) {
  const next = users.find(({ is_owner: isOwner }) => isOwner);
  if (host !== undefined && next !== undefined && next.player_id !== host.player_id) {
    const stayed = users.some(({ player_id: id }) => id === host.player_id);
    const isMe = next.client_id === room?.clientId;
    const now = isMe ? 'you are the host now' : `${next.name} is the host now`;
    notice(stayed ? `${host.name} gave the room away: ${now}.` : `${host.name} has left: ${now}.`);
  }
  host = next ?? host;
}

function playerItem({ slot, name, player_id: playerId, is_owner: isOwner, connected }) {
  const item = document.createElement('li');
  item.dataset.slot = String(slot);
  item.classList.toggle('away', !connected);
  const label = document.createElement('span');
  label.className = 'name';
  label.title = `player_id ${playerId}`;
  const seat = slot === null ? 'watching' : `P${slot + 1}`;
  label.textContent = `${seat}  ${name}${isOwner ? ' (host)' : ''}${connected ? '' : ', away'}`;
  item.append(label, ...(slot === null ? [] : [padOf(slot)]));
  return item;
}

function padOf(slot) {
  const isOwn = slot === room?.slot;
  const pad = document.createElement('span');
  pad.className = isOwn ? 'pad own' : 'pad';
  pad.append(
    ...BUTTONS.map(({ label: sign }, button) => {
      const cell = document.createElement('span');
      cell.textContent = sign;
      if (isOwn) {
        cell.addEventListener('pointerdown', () => press(button, true));
        for (const end of ['pointerup', 'pointerleave'])
          cell.addEventListener(end, () => press(button, false));
      }
      return cell;
    }),
  );
  return pad;
}

function lightUp(slot) {
  const cells = document.querySelectorAll(`#players [data-slot="${slot}"] .pad span`);
  cells.forEach((cell, button) => cell.classList.toggle('lit', ((pressed.get(slot) ?? 0) >> button) & 1));
}

function onKey(event, isDown) {
  const button = BUTTONS.findIndex(({ key }) => key === event.key);
  if (
    button < 0 ||
    event.repeat ||
    event.target.matches('input, select, button, a') ||
    !press(button, isDown)
  )
    return;
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

onClick($('#leave'), leaveRoom);
onSubmit($('#say'), async ({ message }, form) => {
  await room?.chat(message);
  form.reset();
});
